#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
# takes: 40
WAY=agent
# shellcheck source=test/e2e/tools/clients.sh
. "$(dirname "$0")/tools/clients.sh"
