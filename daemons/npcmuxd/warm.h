// SPDX-License-Identifier: Apache-2.0
#ifndef NPCMUXD_WARM_H
#define NPCMUXD_WARM_H

/* Has the libraries load now what they would load later, when no more code can be mapped: modules of the C
 * library that look up hosts, mechanisms of GSSAPI, plugins of libkrb5 for initial tickets. Asks nobody. */
void warm_up(void);

#endif
