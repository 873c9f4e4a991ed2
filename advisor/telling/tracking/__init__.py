"""MLflow tells a comparison's story while it runs; once a run has begun, trouble here is a warning and stops no fit.

Everything goes through `MlflowClient`, so the active run, experiment and tracking URI of whoever calls us stay as they
were; no other room imports mlflow, and this one does so only when it is used.
"""

from advisor.telling.tracking.outbox import FILE_NAME as KEPT
from advisor.telling.tracking.run import TrackedRun, start
from advisor.telling.tracking.sending import replay
from advisor.telling.tracking.store import default_uri
from advisor.telling.tracking.ui import serve

__all__ = ["KEPT", "TrackedRun", "default_uri", "replay", "serve", "start"]
