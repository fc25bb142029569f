"""What a service, a batch job or a training pipeline needs to talk to stanch from its own code.

In    what happened: questions and answers, true labels, data that came, runs, deployments.
Out   events, on the server's disk; what the policy in force holds.
Why   a guard tells of one web service by itself; everything else has a line or two of its own.

    from stanch.sdk import Stanch

    with Stanch() as stanch:                      # STANCH_URL and STANCH_KEY
        model = stanch.asset("fraud-scorer", version="v7")
        asked = model.inference(principal="key-91", features=row, prediction="yes", scores=scores)
        model.label(of=asked, label="no")
        if model.may("training"):
            model.training(run="r-118", dataset="cards", digest=digest_of_file("v8.onnx"))

Telling costs microseconds and waits for nobody; `flush` waits until all of it is on disk.
"""

from stanch.sdk.client import Client
from stanch.sdk.outbox import Kept
from stanch.sdk.telling import Asset, Stanch, digest_of_file

__all__ = ["Asset", "Client", "Kept", "Stanch", "digest_of_file"]
