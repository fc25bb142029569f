"""Arrow from strangers: what cannot be read is refused with a sentence, never an error of ours."""

import io

import pyarrow as pa
import pytest

from stanch.engine.ingest.arrow import from_stream
from stanch.engine.ingest.limits import Limits
from stanch.vocabulary.trouble import BadInput


@pytest.mark.parametrize("column", ["more", "groups"])
def test_a_name_inside_of_a_column_that_is_no_text_is_refused_with_a_sentence(column: str) -> None:
    table = pa.table({"id": ["a"], column: [{"zzzz": "b"}]})
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(BadInput, match="not a whole Arrow IPC stream"):
        from_stream(out.getvalue().replace(b"zzzz", b"\xffzzz"), Limits())
