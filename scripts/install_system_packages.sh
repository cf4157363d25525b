#!/usr/bin/env bash
# Installs what tests need from Debian's packages: Chromium for the browser tests, PostgreSQL for the
# storage contracts, Pango for PDF. Where that cannot be done it says so, and those tests skip loudly
# (and fail in CI).
set -uo pipefail
packages=(chromium fonts-dejavu-core libpango-1.0-0 libpangoft2-1.0-0 postgresql)

missing=()
for package in "${packages[@]}"; do
  dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi
echo "installing from Debian's packages: ${missing[*]}"
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "NOT INSTALLED (needs root and apt-get): ${missing[*]}" >&2
  echo "Remedy: install them yourself; until then the tests that need them are skipped." >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/tmp/ombud-apt.log 2>&1; then
  tail -n 5 /tmp/ombud-apt.log >&2
  echo "NOT INSTALLED: ${missing[*]}; the tests that need them are skipped." >&2
fi
exit 0
