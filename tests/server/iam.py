# SPDX-License-Identifier: GPL-3.0-or-later
"""A stub of DC/OS's login service, and of masters that take its tokens.

    with Iam() as iam, Master() as master:
        iam.guard(master)
        server.module("cluster", master=master.address, iam_file=iam.account(tmp_path / "account"))
        ...
        iam.tokens.clear()       # all that were given are good no more

It lets in who signs with the key of `KEY`, whatever the module's own idea of a signature is.
"""
import base64
import json
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from master import Master, document, status

LOGIN = "/acs/api/v1/auth/login"

UID = "mesos-dns"


def make_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key, form=serialization.PrivateFormat.PKCS8):
    return key.private_bytes(serialization.Encoding.PEM, form,
                             serialization.NoEncryption()).decode()


KEY = make_key()


def encode(content):
    """JSON (or bytes) in base64url without padding."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def decode(part):
    assert "=" not in part
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


class Iam(Master):
    """The login service; `life` is how long its tokens are good (None: they do not say)."""

    def __init__(self, life=None, **items):
        super().__init__(**items)
        self.life = life
        self.reply = None    # What it says in place of a token.
        self.given = []      # All tokens, in their order.
        self.tokens = set()  # Those that are good, if their time is not over.
        self.late = []       # Those that somebody was told after their time.
        self.faults = []     # What was wrong with logins.
        self.posts[LOGIN] = self.log_in

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://{self.address}{LOGIN}"

    def account(self, path, **items):
        """Writes the file of the account that it knows; `items` change what it holds."""
        path.write_text(json.dumps({"scheme": "RS256", "uid": UID, "private_key": pem(KEY),
                                    "login_endpoint": self.url, **items}))
        return path

    def guard(self, *masters):
        """Makes masters take its tokens only."""
        for master in masters:
            master.is_authorized = self._is_good

    def _is_good(self, header):
        start, _, token = (header or "").partition("=")
        if self.life is not None and start == "token" and self._end(token) <= time.time():
            self.late.append(token)
            return False
        return start == "token" and token in self.tokens

    @staticmethod
    def _end(token):
        return json.loads(decode(token.split(".")[1]))["exp"]

    def logins(self):
        """How often somebody has tried to log in."""
        return self.count(LOGIN)

    def log_in(self, headers, body):
        if self.reply is not None:
            return self.reply
        fault = self._fault(headers, body)
        if fault:
            self.faults.append(fault)
            return status(401, b'{"title":"Unauthorized"}')
        token = self._new_token()
        self.given.append(token)
        self.tokens.add(token)
        return document({"token": token})

    def _new_token(self):
        number = len(self.given)
        if self.life is None:
            return f"opaque-{number}"
        claims = {"uid": UID, "exp": int(time.time() + self.life), "number": number}
        return ".".join([encode({"alg": "HS256"}), encode(claims), encode(b"\0signature")])

    @staticmethod
    def _fault(headers, body):
        """What is wrong with a login; None if nothing is."""
        if headers.get("Content-Type") != "application/json":
            return "no JSON"
        login = json.loads(body)
        if set(login) != {"uid", "token"} or login["uid"] != UID:
            return "another account"
        head, claims, signature = login["token"].split(".")
        try:
            KEY.public_key().verify(decode(signature), f"{head}.{claims}".encode(),
                                    padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return "another key"
        if json.loads(decode(head)) != {"alg": "RS256", "typ": "JWT"}:
            return "another algorithm"
        claims = json.loads(decode(claims))
        if set(claims) != {"uid", "exp"} or claims["uid"] != UID:
            return "a token of another account"
        return None if 0 < claims["exp"] - time.time() <= 3600 else "no time that is good"
