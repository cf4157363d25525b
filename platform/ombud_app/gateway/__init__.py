"""The gateway: Open Inference Protocol v2 in front of the model versions.

* :func:`create_router` — the endpoints, to be included in an app;
* :class:`Gateway` — routing by rollout state, fallbacks, shadow copies, records;
* :mod:`routing` — sticky weighted routes; :mod:`fleet` — versions in memory;
  :mod:`batching` — micro-batching; :mod:`asking` — checked answers;
  :mod:`blame` — the request's fault or the model's; :mod:`answers` — what goes back;
  :mod:`recorder` — the inference log off the response path; :mod:`protocol` — the wire format.
"""

from ombud_app.gateway.recorder import Describe
from ombud_app.gateway.router import Authorise, create_router
from ombud_app.gateway.serving import Gateway, GatewayLimits

__all__ = ["Authorise", "Describe", "Gateway", "GatewayLimits", "create_router"]
