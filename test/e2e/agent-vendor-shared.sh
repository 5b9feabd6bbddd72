#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
PROFILE=vendor-shared
# shellcheck source=test/e2e/tools/agent.sh
. "$(dirname "$0")/tools/agent.sh"
