# A Ceph cluster of one node on loopback with a RADOS gateway, whose IAM API is the target: one monitor, one OSD in memory, no
# authentication between the daemons. Sourced by targets/ceph-rgw-*/server, which sets
#   install_server  as targets/lib.sh says; may set ROOT, a folder with a Debian of its own to run the daemons from
# All data is in $DIR/cluster ($ROOT/cluster); nothing is written to /etc/ceph or /var/lib/ceph.
# shellcheck source=lib.sh
. "$(dirname "$0")/../lib.sh"

# shellcheck disable=SC2034 # for the scripts that source this
PACKAGES=(radosgw ceph-mon ceph-osd ceph-common)
ROOT=

# in_root CMD…: in $ROOT, with a /proc that nobody else sees and that goes when CMD ends
in_root() {
  if [ -z "$ROOT" ]; then "$@"; else unshare --mount bash -c "$ENTER" "$ROOT" "$@"; fi
}
# shellcheck disable=SC2016 # bash -c expands it
ENTER='mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'

root_needed() { [ "$(id -u)" = 0 ] || { say "$1 needs root"; return 1; }; }

# The version of target.toml is there, and no other.
right_version() {
  local found
  found=$(in_root radosgw --version 2>/dev/null | sed -n 's/^ceph version \([0-9.]*\).*/\1/p') || true
  [ "$found" = "$VERSION" ] && return 0
  if [ -z "$found" ]; then
    say "radosgw is installed and does not run"
  else
    say "what is installed is Ceph $found; target.toml and the list of known failures are about $VERSION"
  fi
  return 1
}

# daemon NAME CMD…: one of the cluster's, in the background
daemon() {
  local name=$1
  shift
  if [ -z "$ROOT" ]; then background "$name" "$@"; else background "$name" unshare --mount bash -c "$ENTER" "$ROOT" "$@"; fi
}

ceph_tool() { local tool=$1; shift; in_root timeout 60 "$tool" -c "$SEEN/ceph.conf" "$@" >>"$DIR/setup.log" 2>&1; }

# until_true WHAT CMD…: waits up to a minute
until_true() {
  local what=$1 left=120
  shift
  while [ "$left" -gt 0 ]; do "$@" && return 0; sleep 0.5; left=$((left - 1)); done
  say "no $what after a minute; see $DIR/*.log"
  return 1
}

osd_is_up() { in_root timeout 10 ceph -c "$SEEN/ceph.conf" osd stat 2>/dev/null | grep -q '1 up'; }

launch_server() {
  local home=${ROOT:-$DIR}/cluster cluster monitor disk
  SEEN=${ROOT:+/cluster}
  SEEN=${SEEN:-$DIR/cluster}
  rm -rf "$home"
  mkdir -p "$home"/{mon,osd,run,rgw,crash}
  : >"$DIR/setup.log"
  cluster=$(cat /proc/sys/kernel/random/uuid)
  disk=$(cat /proc/sys/kernel/random/uuid)
  monitor=127.0.0.1:$(free_port)
  configuration "$cluster" "$monitor" >"$home/ceph.conf"
  {
    in_root monmaptool --create --clobber --fsid "$cluster" --enable-all-features --addv a "[v2:$monitor]" "$SEEN/monmap" &&
      in_root ceph-authtool --create-keyring "$SEEN/mon.keyring" --gen-key -n mon. --cap mon 'allow *' &&
      ceph_tool ceph-mon --mkfs -i a --monmap "$SEEN/monmap" --keyring "$SEEN/mon.keyring"
  } >>"$DIR/setup.log" 2>&1 || { say "the monitor cannot be made; see $DIR/setup.log"; return 1; }
  daemon mon ceph-mon -c "$SEEN/ceph.conf" -i a -f
  until_true "answer of the monitor" ceph_tool ceph --connect-timeout 5 mon stat || return 1
  if ! { ceph_tool ceph osd new "$disk" 0 && ceph_tool ceph-osd -i 0 --mkfs --osd-uuid "$disk"; }; then
    say "the OSD cannot be made; see $DIR/setup.log"
    return 1
  fi
  daemon osd ceph-osd -c "$SEEN/ceph.conf" -i 0 -f
  until_true "OSD" osd_is_up || return 1
  daemon rgw radosgw -c "$SEEN/ceph.conf" -n client.rgw.a -f
}

# configuration FSID MONITOR: ceph.conf
configuration() {
  cat <<CONF
[global]
fsid = $1
mon host = [v2:$2/0]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv4 = true
ms bind ipv6 = false
auth cluster required = none
auth service required = none
auth client required = none
# the default is 'secure', which 'none' above cannot give
ms mon client mode = crc
ms mon cluster mode = crc
ms mon service mode = crc
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
mon data avail warn = 1
run dir = $SEEN/run
admin socket = $SEEN/run/\$name.asok
log file = $SEEN/\$name.log
pid file =
crash dir = $SEEN/crash
keyring = /dev/null
[mon]
mon data = $SEEN/mon
mon initial members = a
[osd]
osd data = $SEEN/osd
osd objectstore = memstore
memstore device bytes = 1073741824
osd class load list = *
osd class default list = *
[client.rgw.a]
host = localhost
# without tcp_nodelay each answer on a kept connection waits 44 ms for an acknowledgement
rgw frontends = beast endpoint=127.0.0.1:$PORT tcp_nodelay=1
rgw data = $SEEN/rgw
rgw enable usage log = false
CONF
}

# rgw_user NAME OPTION…: makes a user of the gateway and prints its KEY:SECRET
rgw_user() {
  local name=$1
  shift
  ceph_tool radosgw-admin -n client.rgw.a user create --uid "$name" --display-name "$name" --access-key SUITEKEY000000000000 \
    --secret-key suitesecret00000000000000000000000000000 "$@" || { say "the user $name cannot be made; see $DIR/setup.log"; return 1; }
  echo SUITEKEY000000000000:suitesecret00000000000000000000000000000
}
