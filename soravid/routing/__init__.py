"""Which account makes a clip: a model group's deployments, their load and health, and what comes after them.

A *group* is a name that people ask for (LiteLLM's ``model_name``); its *deployments* are the entries of
``model_list`` with that name. Nothing here sends anything: ``plans`` asks for a group's deployments, and
``Pipeline.submit`` picks one at the last moment and tells what became of it.
"""

from soravid.routing.choices import Choices
from soravid.routing.entries import Entry
from soravid.routing.groups import Groups, route_by_id
from soravid.routing.health import NoDeployment
from soravid.routing.policy import Policy
from soravid.routing.route import DEPLOYMENT, GROUP, Route, Ticket

__all__ = [
    "DEPLOYMENT",
    "GROUP",
    "Choices",
    "Entry",
    "Groups",
    "NoDeployment",
    "Policy",
    "Route",
    "Ticket",
    "route_by_id",
]
