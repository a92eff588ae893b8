#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Puts sec_peer (our security providers) opposite Samba's gensec, in both roles.

sec_oracle.py SEC_PEER SMB_CONF REALM HOST USER PASSWORD KEYTAB

The server side of Samba checks passwords in the directory of the domain controller that SMB_CONF belongs to, and Kerberos
tickets with its keys. Prints TAP.
"""
import subprocess
import sys

from samba import gensec, param
from samba.auth import AuthContext
from samba.credentials import Credentials, DONT_USE_KERBEROS, MUST_USE_KERBEROS

INTEGRITY, PRIVACY, DCE, MUTUAL = 4, 8, 2, 1
count = failed = 0


def tap(good, text, why=""):
    global count, failed
    count += 1
    failed += not good
    print("%s %d - %s" % ("ok" if good else "not ok", count, text))
    if why and not good:
        print("# " + str(why).replace("\n", "\n# "))
    sys.stdout.flush()


class Peer:
    """sec_peer"""

    def __init__(self, provider, role, **names):
        args = [PEER, provider, role] + ["%s=%s" % kv for kv in names.items() if kv[1] is not None]
        self.p = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        self.p.stdin.write(" ".join(w.hex() or "-" if isinstance(w, bytes) else str(w) for w in words) + "\n")
        self.p.stdin.flush()
        line = self.p.stdout.readline().split(" ", 3 if words[0] == "x" else -1)
        line = [w.strip() for w in line]
        if not line or line[0] == "fail" or line[0] == "":
            raise RuntimeError("sec_peer: " + " ".join(line))
        return [line[0]] + [b"" if w == "-" else bytes.fromhex(w) for w in line[1:]]

    def close(self):
        self.p.stdin.close()
        self.p.wait()
        self.p.stdout.close()


def features(g, level, dce):
    g.want_feature(gensec.FEATURE_SESSION_KEY)
    g.want_feature(gensec.FEATURE_SIGN)
    if level == 6:
        g.want_feature(gensec.FEATURE_SEAL)
    g.want_feature(gensec.FEATURE_SIGN_PKT_HEADER)
    if dce:
        g.want_feature(gensec.FEATURE_DCE_STYLE)


def samba_server(mech, level, dce):
    creds = Credentials()
    creds.guess(LP)
    creds.set_machine_account(LP)
    g = gensec.Security.start_server({"lp_ctx": LP, "target_hostname": HOST}, AuthContext(lp_ctx=LP))
    g.set_credentials(creds)
    features(g, level, dce)
    g.start_mech_by_name(mech)
    return g


def samba_client(mech, level, dce, kerberos):
    creds = Credentials()
    creds.guess(LP)
    creds.set_username(USER)
    creds.set_password(PASSWORD)
    creds.set_domain(LP.get("workgroup"))
    creds.set_realm(REALM)
    creds.set_kerberos_state(MUST_USE_KERBEROS if kerberos else DONT_USE_KERBEROS)
    g = gensec.Security.start_client({"lp_ctx": LP, "target_hostname": HOST})
    g.set_credentials(creds)
    g.set_target_hostname(HOST)
    g.set_target_service("cifs")
    features(g, level, dce)
    g.start_mech_by_name(mech)
    return g


def talk(ours, theirs, we_start):
    """Tokens back and forth until both are content."""
    our_done = their_done = False
    token = b""
    for _ in range(8):
        if we_start and not our_done:
            word, token = ours.ask("token", token)
            our_done = word == "done"
        we_start = True
        if our_done and their_done and not token:
            return
        if not their_done:
            their_done, token = theirs.update(token)
            token = token or b""
        if our_done and their_done and not token:
            return
    raise RuntimeError("no end: ours %s theirs %s" % (our_done, their_done))


def messages(ours, theirs, level, dce):
    """Samba's Python binding has sign_packet and check_packet, and wrap and unwrap with the token in front."""
    for i in range(4):
        data = bytes((i + k) & 255 for k in range(16 * (i + 1)))
        if level == 6:
            sealed, token = ours.ask("protect", level, data)[1:]
            if dce and theirs.sig_size(len(data)) != len(token):
                raise RuntimeError("token of %d bytes, expected %d" % (len(token), theirs.sig_size(len(data))))
            got = theirs.unwrap(token + sealed)
            if got != data:
                raise RuntimeError("unwrapped to something else")
            packed = theirs.wrap(data)
            n = len(packed) - len(data)
            if ours.ask("unprotect", level, packed[n:], packed[:n])[1] != data:
                raise RuntimeError("unprotected to something else")
        else:
            head = b"header of a PDU!"  # signed too, as RPC does it
            token = ours.ask("protect", level, data, head)[2]
            if dce and theirs.sig_size(len(data)) != len(token):
                raise RuntimeError("token of %d bytes, expected %d" % (len(token), theirs.sig_size(len(data))))
            theirs.check_packet(data, head + data, token)
            ours.ask("unprotect", level, data, theirs.sign_packet(data, head + data), head)


def same_key(ours, theirs):
    mine = ours.ask("query", "key")[1]
    if mine[:16] != theirs.session_key()[:16]:
        raise RuntimeError("keys differ: %s %s" % (mine.hex(), theirs.session_key().hex()))


def one(text, make_ours, make_theirs, we_start, level, dce=False):
    ours = None
    try:
        ours = make_ours()
        theirs = make_theirs()
        talk(ours, theirs, we_start)
        same_key(ours, theirs)
        messages(ours, theirs, level, dce)
        tap(True, text)
    except Exception as e:  # every failure is a test result
        tap(False, text, repr(e))
    finally:
        if ours:
            ours.close()


def ntlm():
    domain = LP.get("workgroup")
    for level, flags in ((5, INTEGRITY), (6, INTEGRITY | PRIVACY)):
        for provider, mech in (("ntlm", "ntlmssp"), ("spnego", "spnego")):
            for user, dom in ((USER, domain), ("%s@%s" % (USER, REALM.lower()), None)):
                one("our %s client (%s), Samba's server, level %d" % (provider, user, level),
                    lambda: Peer(provider, "client", user=user, domain=dom, password=PASSWORD, mech=2, flags=flags,
                                 service="cifs", host=HOST),
                    lambda: samba_server(mech, level, False), True, level)
            one("Samba's %s client, our server, level %d" % (mech, level),
                lambda: Peer(provider, "server", user=USER, password=PASSWORD, flags=flags),
                lambda: samba_client(mech, level, False, False), False, level)


def kerberos():
    for level, flags in ((5, INTEGRITY), (6, INTEGRITY | PRIVACY)):
        for provider, mech in (("krb5", "gssapi_krb5"), ("spnego", "spnego")):
            for dce in (False, True):
                style = "%s%s, level %d" % (provider, ", DCE style" if dce else "", level)
                one("our %s, Samba's server" % style,
                    lambda: Peer(provider, "client", user=USER, domain=REALM, password=PASSWORD, mech=1,
                                 flags=flags | (DCE if dce else 0), service="cifs", host=HOST),
                    lambda: samba_server(mech, level, dce), True, level, dce)
                one("Samba's %s, our server" % style,
                    lambda: Peer(provider, "server", keytab=KEYTAB, flags=flags | (DCE if dce else 0)),
                    lambda: samba_client(mech, level, dce, True), False, level, dce)


PEER, CONF, REALM, HOST, USER, PASSWORD, KEYTAB = sys.argv[1:8]
LP = param.LoadParm()
LP.load(CONF)
ntlm()
kerberos()
print("1..%d" % count)
sys.exit(failed != 0)
