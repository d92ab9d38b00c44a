#!/bin/sh
# Verifies one webhook with nothing but openssl:
#   WEBHOOK_SECRET=whsec_… verify.sh ID TIMESTAMP SIGNATURES < body
# Ends with 0 where it is genuine and not older than five minutes, else with 1 and the reason.
set -eu

refuse() { echo "refused: $1" >&2; exit 1; }

id=$1 timestamp=$2 signatures=$3
case $timestamp in "" | *[!0-9]* | ?????????????*) refuse "the timestamp is no number" ;; esac
age=$(($(date +%s) - timestamp))
[ "${age#-}" -le "${TOLERANCE_SECONDS:-300}" ] || refuse "too old, or from the future"

key=$(printf %s "${WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
expected=v1,$({ printf '%s.%s.' "$id" "$timestamp"; cat; } | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)

# Several while the secret is rotated: one that fits is enough.
set -f
for signature in $signatures; do
  [ "$signature" = "$expected" ] && exit 0
done
refuse "the signature does not fit"
