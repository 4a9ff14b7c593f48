"""Personal data in a prompt, found by Presidio's patterns and checksums. No language model is needed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Unpack

from soravid.errors import MissingExtra
from soravid.guardrails.base import BaseGuardrail, Common, check_action
from soravid.guardrails.found import Found, verdict_on
from soravid.guardrails.verdicts import Action, Context, Stage, Verdict, check_choice

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

ENTITIES = {
    "EMAIL_ADDRESS": "EmailRecognizer",
    "PHONE_NUMBER": "PhoneRecognizer",
    "CREDIT_CARD": "CreditCardRecognizer",
    "IBAN_CODE": "IbanRecognizer",
    "IP_ADDRESS": "IpRecognizer",
    "MAC_ADDRESS": "MacAddressRecognizer",
    "CRYPTO": "CryptoRecognizer",
    "US_SSN": "UsSsnRecognizer",
    "UK_NHS": "NhsRecognizer",
    "IN_AADHAAR": "InAadhaarRecognizer",
}
"""What is found without a language model (Presidio 2.2.366), and by which of its recognizers."""


class PersonalData(BaseGuardrail):
    """Finds mail addresses, telephone and card numbers and the like, before they leave for a provider.

    Args:
        entities: Presidio's names of what to look for; all of ``ENTITIES`` where none are given.
        action: ``block``, ``flag``, or ``rewrite``: each find is replaced by its kind: ``<EMAIL_ADDRESS>``.
        score: Presidio's score from 0 to 1 from which on a find counts. A telephone number has 0.4.
        engine: an ``AnalyzerEngine`` of your own, with a language model that knows names and places.
        language: the language that the engine is asked for.

    Raises:
        MissingExtra: Presidio is not installed.
        InvalidRequest: an entity that needs an engine of your own.
    """

    kind = "personal_data"
    sees = ("prompt",)

    def __init__(
        self,
        entities: Iterable[str] | None = None,
        *,
        action: Action = "rewrite",
        score: float = 0.4,
        engine: AnalyzerEngine | None = None,
        language: str = "en",
        **common: Unpack[Common],
    ) -> None:
        super().__init__(**common)
        self._action, self._score, self._language = check_action(action), score, language
        if isinstance(entities, str):
            entities = [entities]
        self._entities = list(ENTITIES if entities is None and engine is None else entities or ())
        if engine is None:
            for entity in self._entities:
                check_choice("entities", entity, tuple(ENTITIES))
        self._engine = engine or _engine(self._entities, language)

    def check(self, stage: Stage, context: Context) -> Verdict:  # noqa: ARG002
        """See ``Guardrail.check``."""
        results = self._engine.analyze(
            context.prompt, self._language, entities=self._entities or None, score_threshold=self._score
        )
        # Surest first, so that a part which may be two things is what it is more surely.
        found: list[Found] = []
        for result in sorted(results, key=lambda each: (-each.score, each.start)):
            if not any(each.start < result.end and result.start < each.end for each in found):
                found.append(Found(result.start, result.end, result.entity_type))
        found.sort()
        kinds = ", ".join(dict.fromkeys(each.rule.lower().replace("_", " ") for each in found))
        reason = f"The prompt has personal data in it: {kinds}."
        return verdict_on(context.prompt, found, self._action, reason, lambda each: f"<{each.rule}>")


def _engine(entities: Iterable[str], language: str) -> AnalyzerEngine:
    try:
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry, predefined_recognizers
        from presidio_analyzer.nlp_engine import NoOpNlpEngine
    except ImportError:
        raise MissingExtra("The guardrail personal_data", "presidio") from None

    def recognizer(entity: str) -> Any:
        if entity == "EMAIL_ADDRESS":
            return _email_recognizer()(supported_language=language)
        return getattr(predefined_recognizers, ENTITIES[entity])(supported_language=language)

    nothing = NoOpNlpEngine([{"lang_code": language, "model_name": "none"}])
    nothing.load()
    registry = RecognizerRegistry([recognizer(each) for each in entities], supported_languages=[language])
    return AnalyzerEngine(registry=registry, nlp_engine=nothing, supported_languages=[language])


def _email_recognizer() -> type[Any]:
    """Presidio's own, with the list of domains that is installed: it would fetch one from the network."""
    from presidio_analyzer.predefined_recognizers import EmailRecognizer
    from tldextract import TLDExtract

    domains = TLDExtract(cache_dir=None, suffix_list_urls=())

    class Offline(EmailRecognizer):
        def validate_result(self, pattern_text: str) -> bool:
            return domains(pattern_text).fqdn != ""

    return Offline
