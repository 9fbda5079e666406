"""Certificates of a test's own: what counts as public, a district's, a filter's."""

import base64
import datetime
import hashlib
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


def name_of(common, organization=None):
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organization:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


class Authority:
    """A root, or an intermediate of one."""

    def __init__(self, common, organization=None, above=None):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name, self.above = name_of(common, organization), above
        issuer = above or self
        self.certificate = (
            x509.CertificateBuilder().subject_name(self.name).issuer_name(issuer.name).public_key(self.key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(NOW - 400 * DAY).not_valid_after(NOW + 400 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
                                         key_encipherment=False, data_encipherment=False, key_agreement=False,
                                         encipher_only=False, decipher_only=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(issuer.key, hashes.SHA256()))

    @property
    def pem(self):
        return pem_of(self.certificate)

    @property
    def key_pem(self):
        return key_pem(self.key)

    @property
    def pin(self):
        return pin_of(self.certificate)

    def leaf_of(self, folder, hosts):
        """One certificate for several hosts."""
        return self.leaf(folder, hosts[0], names=hosts)

    def leaf(self, folder, host, file=None, days=(-30, 60), chain=True, names=()):
        """A certificate for a host: the paths of chain and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = (x509.CertificateBuilder().subject_name(name_of(host)).issuer_name(self.name).public_key(key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(NOW + days[0] * DAY)
                .not_valid_after(NOW + days[1] * DAY)
                .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names or (host,)]), critical=False)
                .sign(self.key, hashes.SHA256()))
        base = pathlib.Path(folder) / (file or host)
        text = pem_of(made) + (self.pem if chain and self.above else "")
        (base.with_suffix(".pem")).write_text(text)
        (base.with_suffix(".key")).write_text(key_pem(key))
        return str(base.with_suffix(".pem")), str(base.with_suffix(".key"))


def pem_of(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                             serialization.NoEncryption()).decode()


def pin_of(certificate):
    spki = certificate.public_key().public_bytes(serialization.Encoding.DER,
                                                 serialization.PublicFormat.SubjectPublicKeyInfo)
    return "sha256/" + base64.b64encode(hashlib.sha256(spki).digest()).decode()
