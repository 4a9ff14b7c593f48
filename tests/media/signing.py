"""Signs clips with content credentials, by a certificate made for the test and one that vouches for it."""

from __future__ import annotations

import datetime
from functools import cache
from pathlib import Path
from typing import Any

import c2pa
from cryptography import x509

SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
OWNER = "Soravid Tests"
_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def sign(
    clip: Path,
    target: Path,
    *,
    source: str = "trainedAlgorithmicMedia",
    maker: tuple[str, str] = ("Test Model", "1.0"),
    parent: Path | None = None,
    component: Path | None = None,
) -> Path:
    """Write ``clip`` with credentials to ``target``: made from ``source``, or an edited ``parent``."""
    made = {"action": "c2pa.created", "digitalSourceType": SOURCE + source}
    builder = c2pa.Builder(
        {
            "claim_generator_info": [{"name": maker[0], "version": maker[1]}],
            "title": target.name,
            "assertions": [{"label": "c2pa.actions", "data": {"actions": [] if parent else [made]}}],
        }
    )
    if parent:
        builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
    for relation, path in (("parentOf", parent), ("componentOf", component)):
        if path:
            with path.open("rb") as file:
                part = {"title": path.name, "relationship": relation}
                builder.add_ingredient(part, "video/mp4", file)
    with c2pa.Signer.from_info(_signer()) as signer:
        builder.sign_file(clip, target, signer)
    return target


@cache
def _signer() -> Any:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def name(common: str) -> Any:
        parts = (NameOID.ORGANIZATION_NAME, OWNER), (NameOID.COMMON_NAME, common)
        return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts])

    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    keys = {who: ec.generate_private_key(ec.SECP256R1()) for who in ("root", "leaf")}
    root_id = x509.SubjectKeyIdentifier.from_public_key(keys["root"].public_key())

    def certificate(who: str, usages: set[str], *extensions: Any) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(who))
            .issuer_name(name("root"))
            .public_key(keys[who].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - day)
            .not_valid_after(now + 30 * day)
            .add_extension(x509.BasicConstraints(who == "root", None), critical=True)
            .add_extension(x509.KeyUsage(*(usage in usages for usage in _USAGES)), critical=True)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        signed = builder.sign(keys["root"], hashes.SHA256())
        pem: bytes = signed.public_bytes(serialization.Encoding.PEM)
        return pem

    leaf = certificate(
        "leaf",
        {"digital_signature"},
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]),
        x509.SubjectKeyIdentifier.from_public_key(keys["leaf"].public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id),
    )
    root = certificate("root", {"key_cert_sign", "crl_sign"}, root_id)
    key = keys["leaf"].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, leaf + root, key, None)
