#!/usr/bin/env bash
# Install what is missing, and say on one line each what that is.
#   setup.sh run   a virtual environment with Loa in it: enough for the demo
#   setup.sh dev   the same with the tools of the tests, and the system parts that only the tests need
#   setup.sh qa    only the recogniser that listens back, in an environment of its own (a part of dev too)
set -euo pipefail
cd "$(dirname "$0")/../.."
what=${1:-run}
say() { printf '%s\n' "$*"; }
fail() { printf 'Không cài được / cannot install: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1; then sudo "$@"
  else return 126; fi
}

apt_updated=no
apt_install() {   # apt_install "what it is for" PACKAGE...
  local why=$1; shift
  command -v apt-get >/dev/null 2>&1 || fail "$* ($why): this system has no apt-get; install it by hand, then run the command again"
  say "  apt: $* ($why) ..."
  if [ $apt_updated = no ]; then
    as_root apt-get update -qq >/dev/null 2>&1 || say "  apt: the package list could not be brought up to date; going on with the old one"
    apt_updated=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/tmp/loa-apt.$$ 2>&1 \
    || { tail -n 5 /tmp/loa-apt.$$ >&2; rm -f /tmp/loa-apt.$$; fail "$* ($why): needs root or sudo, and Debian's registry"; }
  rm -f /tmp/loa-apt.$$
}

find_python() {
  local p
  for p in python3.11 python3.12 python3; do
    command -v "$p" >/dev/null 2>&1 && "$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' && { printf %s "$p"; return; }
  done
}

python=$(find_python)
[ -n "$python" ] || { apt_install "the language" python3 python3-venv; python=$(find_python); }
[ -n "$python" ] || fail "Python 3.11 or 3.12 is needed"
"$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install "virtual environments" python3-venv

environment() {   # environment FOLDER: where it is missing or broken
  [ -x "$1/bin/python" ] && "$1/bin/python" -c '' 2>/dev/null && return
  say "  $1: a virtual environment by $("$python" --version) ..."
  rm -rf "$1"; "$python" -m venv "$1" || fail "a virtual environment in $PWD/$1"
}

packages() {   # packages FOLDER LOCK
  local total log ok
  total=$(grep -cE '^[a-zA-Z0-9_.-]+==' "$2")
  say "  pip: $total packages of $2, each held to its hash (one to three minutes the first time) ..."
  log=$(mktemp)
  set +e
  "$1/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off --require-hashes -r "$2" 2>&1 \
    | tee "$log" | awk -v total="$total" -v tty="$([ -t 1 ] && echo 1)" \
      '/^(Collecting|Requirement already satisfied)/ {n++; if (tty) printf "\r  pip: %d/%d ", n, total; else if (n % 20 == 0) printf "  pip: %d/%d\n", n, total; fflush()} END {if (tty) printf "\r"}'
  ok=${PIPESTATUS[0]}
  set -e
  [ "$ok" = 0 ] || { grep -iE 'error|no matching' "$log" | tail -n 3 >&2; rm -f "$log"; fail "the Python packages of $2 (is the package registry in reach?)"; }
  rm -f "$log"
}

recogniser() {
  local want
  want=$(sha256sum requirements-qa.lock | cut -d' ' -f1)
  environment .venv-qa
  [ "$(cat .venv-qa/.loa-qa 2>/dev/null)" = "$want" ] && return
  packages .venv-qa requirements-qa.lock
  printf %s "$want" > .venv-qa/.loa-qa
}

[ "$what" != qa ] || { recogniser; exit; }

lock=requirements.lock; [ "$what" = dev ] && lock=requirements-dev.lock
stamp=.venv/.loa-$what
want=$(cat "$lock" pyproject.toml | sha256sum | cut -d' ' -f1)
environment .venv
if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ]; then
  packages .venv "$lock"
  say "  pip: loa itself ..."
  .venv/bin/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e . >/dev/null 2>&1 || fail "loa itself into .venv"
  printf %s "$want" > "$stamp"
  [ "$what" = dev ] && cat requirements.lock pyproject.toml | sha256sum | cut -d' ' -f1 | tr -d '\n' > .venv/.loa-run
fi

if [ "$what" = dev ]; then
  recogniser
  command -v mosquitto >/dev/null 2>&1 || [ -x /usr/sbin/mosquitto ] || apt_install "the real broker of the tests" mosquitto
  command -v espeak-ng >/dev/null 2>&1 || apt_install "the voice of last resort" espeak-ng
  [ -x /usr/bin/chromium ] || apt_install "the browser of the tests" chromium
  command -v ffmpeg >/dev/null 2>&1 || apt_install "the decoder of relayed programmes and of phone recordings, in its own process" ffmpeg
fi
say "  ready: .venv/bin/loa"
