# SPDX-License-Identifier: Apache-2.0
#
# Images for many boards: the same kernel, each with its own device tree. Each is signed by a mkimage of its own.
IMAGES ?= 20
all: $(foreach n,$(shell seq $(IMAGES)),image-$n.fit)
image-%.fit: image-%.its board-%.dtb Image
	cp u-boot.before u-boot-$*.dtb
	mkimage -f $< -N pkcs11 -k token=fit -K u-boot-$*.dtb -r $@ >$@.log
.DELETE_ON_ERROR:
