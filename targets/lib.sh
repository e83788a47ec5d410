# What the start/stop scripts of the targets share; sourced by targets/<name>/server. The name is the folder's, the version that of
# target.toml beside the script: the one place where it is pinned. A script sets
#   install_server  installs $VERSION below $DIR; returns non-zero, and says why, when it cannot
#   launch_server   starts every process with `background NAME CMD…`, the one that listens on $PORT last
#   credentials     prints ACCESS_KEY:SECRET, once the server answers
# and then calls `target_main "$@"`.
#
#   server start DIR [PORT]   installs into DIR if missing, starts on 127.0.0.1:PORT (none: a free one), waits until it answers,
#                             writes DIR/env (IAMSPEC_ENDPOINT and AWS_* for `. DIR/env`), prints the endpoint
#   server stop DIR           ends it by its pids; what is installed stays
#   server status DIR         prints up or down
# Exit codes: 0 done, 1 it does not run, 2 usage, 3 it cannot be installed here.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
NAME=$(basename "$HERE")
VERSION=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$HERE/target.toml")

say() { echo "$NAME: $*" >&2; }

# Process $1 still exists and was started from here: a pid may have been given to somebody else.
ours() { [ -s "$DIR/token" ] && kill -0 "$1" 2>/dev/null && grep -qs -- "$(cat "$DIR/token")" "/proc/$1/environ"; }

alive() {
  [ -s "$DIR/pids" ] || return 1
  local pid
  while read -r pid; do ours "$pid" || return 1; done <"$DIR/pids"
}

# background NAME CMD…: a process of the server, its output in DIR/NAME.log
background() {
  local log=$DIR/$1.log
  shift
  (cd "$DIR" && IAMSPEC_TARGET_TOKEN=$(cat "$DIR/token") exec "$@") >"$log" 2>&1 </dev/null &
  echo $! >>"$DIR/pids"
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; }

# admin_user KEY:SECRET: with the credentials that the server is born with, makes a user that may do everything and prints ITS_KEY:SECRET.
# For servers that check the signatures of their users and not those of the account itself.
admin_user() {
  local user=$1 answer
  command -v curl >/dev/null || { say "curl is needed to make the user that the suite acts as, and is not there"; return 1; }
  admin_call CreateUser UserName=suite >/dev/null || return 1
  admin_call PutUserPolicy UserName=suite PolicyName=everything \
    PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}' >/dev/null || return 1
  answer=$(admin_call CreateAccessKey UserName=suite) || return 1
  echo "$(element AccessKeyId <<<"$answer"):$(element SecretAccessKey <<<"$answer")"
}

admin_call() {
  local action=$1 parameter data=()
  shift
  for parameter in "Action=$action" Version=2010-05-08 "$@"; do data+=(--data-urlencode "$parameter"); done
  curl -sS --fail-with-body --max-time 20 --user "$user" --aws-sigv4 aws:amz:us-east-1:iam "${data[@]}" "http://127.0.0.1:$PORT/" ||
    { say "$action, to make the user that the suite acts as, was refused"; return 1; }
}

element() { tr -d '\n' | sed -n "s/.*<$1>\([^<]*\)<.*/\1/p"; }

# pip_install PACKAGE==VERSION…: into a virtual environment of the target's own
pip_install() {
  command -v python3 >/dev/null || { say "python3 is needed to install it and is not there"; return 1; }
  [ -x "$DIR/venv/bin/python" ] || python3 -m venv "$DIR/venv" || { say "'python3 -m venv' failed"; return 1; }
  [ "$(cat "$DIR/venv/installed" 2>/dev/null)" = "$*" ] && return 0
  "$DIR/venv/bin/pip" install -q "$@" || { say "pip could not install $*"; return 1; }
  echo "$*" >"$DIR/venv/installed"
}

# cargo_install CRATE: into a folder of the target's own. Unoptimized: it builds in a third of the time and answers fast enough.
cargo_install() {
  [ "$(cat "$DIR/cargo/installed" 2>/dev/null)" = "$1 $VERSION" ] && return 0
  command -v cargo >/dev/null || { say "cargo is needed to build it and is not there"; return 1; }
  CARGO_TARGET_DIR=$DIR/build CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --profile dev --root "$DIR/cargo" "$1@$VERSION" ||
    { say "cargo could not build $1 $VERSION"; return 1; }
  rm -rf "$DIR/build"
  echo "$1 $VERSION" >"$DIR/cargo/installed"
}

start() {
  if alive; then echo "$NAME already runs at $(sed -n 's/^export IAMSPEC_ENDPOINT=//p' "$DIR/env")"; return; fi
  stop
  install_server || exit 3
  PORT=${1:-$(free_port)}
  echo "iamspec-$$-$RANDOM$RANDOM" >"$DIR/token"
  launch_server || { stop; exit 1; }
  local try
  for try in $(seq 300); do
    answers && break
    # Not `alive`: a process that has just been started does not show the token yet.
    xargs kill -0 <"$DIR/pids" 2>/dev/null || { say "it ended at once; the ends of its logs:"; tail -n 20 "$DIR"/*.log >&2; stop; exit 1; }
    [ "$try" -lt 300 ] || { say "no answer after 60 s; see $DIR/*.log"; stop; exit 1; }
    sleep 0.2
  done
  local key
  key=$(credentials) || { stop; exit 1; }
  printf 'export IAMSPEC_ENDPOINT=%s\nexport AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\n' "http://127.0.0.1:$PORT" "${key%%:*}" "${key#*:}" >"$DIR/env"
  echo "$NAME $VERSION runs at http://127.0.0.1:$PORT"
}

# Last started, first ended.
stop() {
  local pid try
  for pid in $([ ! -s "$DIR/pids" ] || tac "$DIR/pids"); do
    ours "$pid" || continue
    kill "$pid" 2>/dev/null || continue
    for try in $(seq 50); do ours "$pid" || break; sleep 0.2; done
    if ours "$pid"; then kill -9 "$pid" 2>/dev/null || true; fi
  done
  rm -f "$DIR/pids" "$DIR/token" "$DIR/env"
}

target_main() {
  local command=${1:-}
  DIR=${2:-}
  case $command in
  start | stop | status) ;;
  *) command= ;;
  esac
  [ -n "$command" ] && [ -n "$DIR" ] && [ $# -le 3 ] || { echo "usage: $0 start DIR [PORT] | stop DIR | status DIR" >&2; exit 2; }
  [[ ${3:-1} =~ ^[0-9]+$ ]] || { echo "$0: '$3' is no port" >&2; exit 2; }
  if [ "$command" != start ] && [ ! -d "$DIR" ]; then
    [ "$command" = stop ] || { echo down; exit 1; }
    return 0
  fi
  mkdir -p "$DIR"
  DIR=$(cd "$DIR" && pwd)
  case $command in
  start) start "${3:-}" ;;
  stop) stop ;;
  status) if alive; then echo up; else echo down; exit 1; fi ;;
  esac
}
