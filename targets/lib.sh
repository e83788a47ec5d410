# What the start/stop scripts of the targets share; sourced by targets/<name>/server. A script sets
#   NAME            for messages
#   install_server  installs the pinned version below $DIR; returns non-zero when it cannot
#   launch_server   ends in `background CMD…`, the server itself
#   credentials     prints ACCESS_KEY:SECRET
# and then calls `target_main "$@"`.
#
#   server start DIR [PORT]   installs into DIR if missing, starts on 127.0.0.1:PORT (none: a free one), waits until it answers,
#                             writes DIR/env (IAMSPEC_ENDPOINT and AWS_* for `. DIR/env`), prints the endpoint
#   server stop DIR           ends it by its pid
#   server status DIR
# Exit codes: 0 done, 1 it does not run, 2 usage, 3 it cannot be installed here.
set -euo pipefail

# The server behind DIR/pid: a process that still exists and was started from here (a pid may have been given to somebody else).
alive() { [ -s "$DIR/pid" ] && kill -0 "$(cat "$DIR/pid")" 2>/dev/null && grep -qs -- "$(cat "$DIR/token")" "/proc/$(cat "$DIR/pid")/environ"; }

background() {
  local token="iamspec-$$-$RANDOM$RANDOM"
  echo "$token" >"$DIR/token"
  (cd "$DIR" && IAMSPEC_TARGET_TOKEN=$token exec "$@") >"$DIR/log" 2>&1 </dev/null &
  echo $! >"$DIR/pid"
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; }

# pip_install PACKAGE==VERSION…: into a virtual environment of the target's own
pip_install() {
  command -v python3 >/dev/null || { echo "$NAME: python3 is needed to install it and is not there" >&2; return 1; }
  [ -x "$DIR/venv/bin/python" ] || python3 -m venv "$DIR/venv" || { echo "$NAME: 'python3 -m venv' failed" >&2; return 1; }
  [ "$(cat "$DIR/venv/installed" 2>/dev/null)" = "$*" ] && return 0
  "$DIR/venv/bin/pip" install -q "$@" || { echo "$NAME: pip could not install $*" >&2; return 1; }
  echo "$*" >"$DIR/venv/installed"
}

start() {
  PORT=${1:-$(free_port)}
  if alive; then echo "$NAME already runs at $(sed -n 's/^export IAMSPEC_ENDPOINT=//p' "$DIR/env")"; return; fi
  install_server || exit 3
  launch_server
  local try
  for try in $(seq 300); do
    answers && break
    alive || { echo "$NAME ended at once; the end of $DIR/log:" >&2; tail -n 20 "$DIR/log" >&2; exit 1; }
    [ "$try" -lt 300 ] || { echo "$NAME does not answer after 60 s; see $DIR/log" >&2; stop; exit 1; }
    sleep 0.2
  done
  local key
  key=$(credentials)
  printf 'export IAMSPEC_ENDPOINT=%s\nexport AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\n' "http://127.0.0.1:$PORT" "${key%%:*}" "${key#*:}" >"$DIR/env"
  echo "$NAME runs at http://127.0.0.1:$PORT"
}

stop() {
  if alive; then
    local pid try
    pid=$(cat "$DIR/pid")
    kill "$pid"
    for try in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.2; done
    kill -9 "$pid" 2>/dev/null || true
  fi
  rm -f "$DIR/pid" "$DIR/token" "$DIR/env"
}

target_main() {
  local command=${1:-}
  DIR=${2:-}
  [ -n "$command" ] && [ -n "$DIR" ] || { echo "usage: $0 start DIR [PORT] | stop DIR | status DIR" >&2; exit 2; }
  mkdir -p "$DIR"
  DIR=$(cd "$DIR" && pwd)
  case $command in
  start) start "${3:-}" ;;
  stop) stop ;;
  status) alive && echo up || { echo down; exit 1; } ;;
  *) echo "unknown command '$command': start, stop or status" >&2; exit 2 ;;
  esac
}
