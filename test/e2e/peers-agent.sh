#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
WAY=agent
# shellcheck source=test/e2e/tools/peers.sh
. "$(dirname "$0")/tools/peers.sh"
