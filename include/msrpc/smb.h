// SPDX-License-Identifier: Apache-2.0
/* What may be chosen about the SMB connection below named pipes: dialect, cipher, signing, protection. */
#ifndef MSRPC_SMB_H
#define MSRPC_SMB_H

#include <msrpc/base.h>

/* [MS-SMB2] 2.2.3: wire values. */
enum npc_dialect {
    NPC_SMB_2_0_2 = 0x0202,
    NPC_SMB_2_1 = 0x0210,
    NPC_SMB_3_0 = 0x0300,
    NPC_SMB_3_0_2 = 0x0302,
    NPC_SMB_3_1_1 = 0x0311,
};
/* "2.0.2" .. "3.1.1"; "?" for another value. Static storage. */
NT_PUBLIC const char *npc_dialect_name(enum npc_dialect d);
enum npc_cipher { /* [MS-SMB2] 2.2.3.1.2 */
                  NPC_CIPHER_NONE = 0,
                  NPC_AES128_CCM = 1,
                  NPC_AES128_GCM = 2,
                  NPC_AES256_CCM = 3,
                  NPC_AES256_GCM = 4,
};
enum npc_signing_alg { /* [MS-SMB2] 2.2.3.1.7 */
                       NPC_HMAC_SHA256 = 0,
                       NPC_AES_CMAC = 1,
                       NPC_AES_GMAC = 2,
};

/* How much protection the SMB session itself must give. The default signs always and encrypts whenever both
 * sides can. Guest and null sessions have no key and can do neither: they are refused unless allow_unsigned.
 */
enum npc_protection {
    NPC_PROTECT_DEFAULT = 0, /* signing required, encryption whenever both sides have it */
    NPC_PROTECT_SIGN = 1,    /* signing required; encryption only if the server demands it */
    NPC_PROTECT_ENCRYPT = 2, /* encryption required */
};

#endif
