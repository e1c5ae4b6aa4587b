# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates made with openssl for one run, for masters that speak TLS."""
import ssl
import subprocess


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


def self_signed(folder, name, address="127.0.0.1"):
    """Makes `name`.pem and `name`.key, good for an address; returns both paths."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", key, "-out", certificate, "-days", "2", "-subj", f"/CN={name}",
             "-addext", f"subjectAltName=IP:{address}")
    return certificate, key


def server_context(certificate, key, client_ca=None):
    """What a master's listener needs; with `client_ca`, clients must show a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)
    return context
