# SPDX-License-Identifier: Apache-2.0
"""Where Samba's marshalling is known to differ from the specifications: (interface, operation or "*", syntax or 0 for both):
reason."""

DEVIATIONS = {
}
