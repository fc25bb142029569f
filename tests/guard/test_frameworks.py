"""The guard inside real services: BentoML's own and MLflow's scoring server, each as shipped.

Neither is installed beside the project: full MLflow would pull pyarrow down. They live in an
environment of their own, made here. FastAPI and Litestar are in test_content.py, on every run.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow
_COMMON = """
import http.client, json, socket, sys, tempfile, threading, time
import uvicorn
from stanch.contain.policy import canonical
from stanch.guard.asgi import Guard
from stanch.guard.core import Choices
from stanch.guard.identity import proxy_header
from stanch.vocabulary.policy import Deny, Limits, Policy, Shape
POLICY = Policy(asset="fraud-scorer", version=1, deny=Deny(principals=frozenset({"key-91"})),
                shape=Shape(round=1), limit=Limits(max_batch=2))
made = []
class Watched(Guard):
    def __init__(self, *given, **named):
        super().__init__(*given, **named)
        self.core.start = lambda: None
        self.core.keeper.accept(canonical(POLICY))
        made.append(self)
told = dict(asset="fraud-scorer", server="http://127.0.0.1:9", key="k", choices=Choices(),
            identify=proxy_header("x-user", secret_header="x-proxy", secret="s3cret"))
"""
_BENTOML = """
import bentoml
@bentoml.service
class Scorer:
    @bentoml.api
    def predict(self, features: list) -> dict:
        return {"prediction": "ham", "scores": [0.12345, 0.87655]}
Scorer.add_asgi_middleware(Watched, **told)
app, path = Scorer.to_asgi(), "/predict"
one, many = {"features": [1.0]}, {"features": [1.0], "instances": [[1], [2], [3]]}
"""
_MLFLOW = """
import mlflow.pyfunc
from mlflow.pyfunc import scoring_server
class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [[0.12345, 0.87655] for _ in range(len(model_input))]
place = tempfile.mkdtemp() + "/model"
mlflow.pyfunc.save_model(place, python_model=Model(), pip_requirements=[])
app, path = scoring_server.init(mlflow.pyfunc.load_model(place)), "/invocations"
app.add_middleware(Watched, **told)
one, many = {"dataframe_records": [{"a": 1}]}, {"dataframe_records": [{"a": 1}] * 3}
"""
_ASK = """
line = socket.socket()
line.bind(("127.0.0.1", 0))
server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
running = threading.Thread(target=server.run, kwargs={"sockets": [line]}, daemon=True)
running.start()
while not server.started:
    time.sleep(0.02)
def ask(user, body):
    to = http.client.HTTPConnection("127.0.0.1", line.getsockname()[1], timeout=30)
    who = {"x-user": user, "x-proxy": "s3cret"} if user else {}
    headers = {"content-type": "application/json", **who}
    to.request("POST", path, body=json.dumps(body), headers=headers)
    answer = to.getresponse()
    return answer.status, json.loads(answer.read())
said = [ask("key-1", one), ask("key-91", one), ask(None, one), ask("key-1", many)]
told = json.loads(b"[%b]" % made[-1].core.buffer.batch(9, 0)[0].text)
(event,) = (one for one in told if one["status"] == 200)
server.should_exit = True
running.join()
print(json.dumps({"said": said, "event": event}))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An environment that holds both, and stanch."""
    folder = tmp_path_factory.mktemp("frameworks")
    tool = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if tool is None:
        pytest.skip("uv, which makes the environment of BentoML and MLflow, is not installed")
    place = folder / "env/bin/python"
    wanted = ["bentoml>=1.4", "mlflow>=3.5", "uvicorn", str(ROOT)]
    steps = (
        [tool, "venv", "-q", "--python", sys.executable, str(folder / "env")],
        [tool, "pip", "install", "-q", "--python", str(place), *wanted],
    )
    if any(subprocess.run(one, check=False).returncode for one in steps):
        pytest.skip("the environment of BentoML and MLflow cannot be made here")
    yield place
    shutil.rmtree(folder / "env")


@pytest.mark.parametrize("service", [_BENTOML, _MLFLOW], ids=["bentoml", "mlflow"])
def test_a_real_service_is_guarded(python: Path, service: str, tmp_path: Path) -> None:
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "BENTOML_DO_NOT_TRACK": "True"}
    ran = subprocess.run(
        [str(python), "-c", _COMMON + service + _ASK],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=200,
        env={**quiet, "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads(ran.stdout.splitlines()[-1])
    (served, answer), *refused = found["said"]
    assert served == 200
    scores = answer["scores"] if "scores" in answer else answer["predictions"][0]
    assert scores == [0.1, 0.9]
    assert [status for status, _ in refused] == [403, 401, 413]
    assert found["event"]["principal"] == "key-1"
    assert found["event"]["scores"] == [0.12345, 0.87655]
