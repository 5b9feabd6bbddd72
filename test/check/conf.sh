#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# packaging/quorum11.conf.example shows every setting of base/conf_key.c, once, and no other.
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

known() { sed -n 's/^\tKEY(\([a-z0-9_]*\), \([a-z0-9_]*\), .*/[\1] \2/p' base/conf_key.c | sort; }
shown() {
	awk '/^\[/ { section = $1 } /^#[a-z0-9_]+ = / { sub(/^#/, ""); print section, $1 }' \
	    packaging/quorum11.conf.example | sort
}

t "there are settings" [ "$(known | wc -l)" -gt 20 ]
t "the example shows each setting, once" diff <(known) <(shown)
plan
