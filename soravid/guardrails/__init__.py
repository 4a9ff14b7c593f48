"""What may be asked for and what may be shown: guardrails on prompts, pictures and finished clips."""

from soravid.guardrails.base import BaseGuardrail, Guardrail, OnError
from soravid.guardrails.blocked import GuardrailBlocked, GuardrailUnavailable
from soravid.guardrails.call import Call
from soravid.guardrails.chat_moderation import ChatModeration
from soravid.guardrails.config import from_config
from soravid.guardrails.frames import sampled_frames
from soravid.guardrails.guard import Guard
from soravid.guardrails.length import Length
from soravid.guardrails.openai_moderation import OpenAIModeration
from soravid.guardrails.patterns import Patterns
from soravid.guardrails.personal_data import PersonalData
from soravid.guardrails.verdicts import STAGES, Action, Context, Flag, Outcome, Stage, Verdict
from soravid.guardrails.webhook import WebHook
from soravid.guardrails.words import BlockList

__all__ = [
    "STAGES",
    "Action",
    "BaseGuardrail",
    "BlockList",
    "Call",
    "ChatModeration",
    "Context",
    "Flag",
    "Guard",
    "Guardrail",
    "GuardrailBlocked",
    "GuardrailUnavailable",
    "Length",
    "OnError",
    "OpenAIModeration",
    "Outcome",
    "Patterns",
    "PersonalData",
    "Stage",
    "Verdict",
    "WebHook",
    "from_config",
    "sampled_frames",
]
