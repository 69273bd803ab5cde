# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# A record that is too long is not kept in memory, and no trouble to others.
[ -z "$SANITIZED" ] || exit 77
few_index
{
	echo 1
	yes secretive | tr -d '\n' | head -c 300000000
	printf '\n3\n'
} >long
for what in stop skip pass-none; do
	try "as_they_are -q -x few.dpti --on-error $what long"
done
