// SPDX-License-Identifier: Apache-2.0
/* Interface files of pidl include a header of this name for words such as nstring and NDR_NOALIGN. idlc knows
 * them all; this file is there for those whose own copy stayed behind, and is looked for last. */
