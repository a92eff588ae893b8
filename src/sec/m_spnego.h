// SPDX-License-Identifier: Apache-2.0
/* SPNEGO tokens, RFC 4178 section 4.2 and [MS-SPNG] 2.2. */
#ifndef SEC_M_SPNEGO_H
#define SEC_M_SPNEGO_H

#include "sec/m_sec.h"

/* Ceiling of a mechanism list: Windows offers five; more only cost time. */
#define SPNEGO_MECHS_MAX 16u
/* Its octets, which an acceptor keeps until the end, for its MIC: some sixteen object identifiers. */
#define SPNEGO_MECH_LIST_MAX 512u

enum spnego_mech { MECH_OTHER, MECH_KRB5, MECH_MS_KRB5, MECH_NTLM };

enum spnego_state {
    NEG_ACCEPT_COMPLETED = 0,
    NEG_ACCEPT_INCOMPLETE = 1,
    NEG_REJECT = 2,
    NEG_REQUEST_MIC = 3,
    NEG_ABSENT = 255,
};

/* NegTokenInit and NegTokenInit2; all lend from the token. A field that is absent has NULL data. */
struct spnego_init {
    struct nt_blob mech_list; /* DER of the MechTypeList: what mechListMIC covers */
    enum spnego_mech mechs[SPNEGO_MECHS_MAX];
    size_t mech_count;
    struct nt_blob token, mic;
};

/* NegTokenResp */
struct spnego_resp {
    enum spnego_state state;
    bool has_mech;
    enum spnego_mech mech;
    struct nt_blob token, mic;
};

enum nt_status spnego_parse_init(struct nt_blob in, struct spnego_init *ret);
enum nt_status spnego_parse_resp(struct nt_blob in, struct spnego_resp *ret);
/* DER of a MechTypeList. */
void spnego_put_mech_list(struct wr *w, const enum spnego_mech *mechs, size_t n);
/* hint: with the negHints of [MS-SPNG] 2.2.1, as a server that speaks first sends them. */
void spnego_put_init(struct wr *w, struct nt_blob mech_list, struct nt_blob token, bool hint);
void spnego_put_resp(struct wr *w, const struct spnego_resp *resp);
/* True for the initial token of GSSAPI (RFC 2743 3.1) of this mechanism. */
bool spnego_is_initial(struct nt_blob in, enum spnego_mech mech);

#endif
