#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
WAY=agent
# shellcheck source=test/e2e/tools/signers.sh
. "$(dirname "$0")/tools/signers.sh"
