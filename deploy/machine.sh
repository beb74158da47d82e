# shellcheck shell=sh
# install.sh's part for this machine; install.sh defines `say`, `die`, `fetch` and the variables at its top.

SETTINGS=/etc/default/nixie UNIT=/etc/systemd/system/nixie.service
PIDFILE=/run/nixie.pid LOG=/var/log/nixie.log
READY_SECONDS=60

# Exports the values in the settings file. No shell runs the file: a value is text, as systemd reads it.
read_settings() {
  [ -r "$SETTINGS" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    name=${line%%=*} value=${line#*=}
    case $line in [A-Za-z_]*=*) ;; *) continue ;; esac
    case $name in *[!A-Za-z0-9_]*) continue ;; esac
    case $value in \"*\" | \'*\') value=${value#?} value=${value%?} ;; esac
    export "$name=$value"
  done <"$SETTINGS"
}
setting() { (read_settings; eval "printf '%s' \"\${$1:-}\""); } # NAME: what the file says
LISTEN=${NIXIE_LISTEN:-$(setting NIXIE_LISTEN)} # the environment wins
DATA_DIR=${NIXIE_DATA_DIR:-$(setting NIXIE_DATA_DIR)}
# The account that installs Nixie has access; with sudo that isn't root.
ALLOW_USERS=${NIXIE_ALLOW_USERS:-$(setting NIXIE_ALLOW_USERS)} ALLOW_USERS=${ALLOW_USERS:-${SUDO_USER:-}}
LISTEN=${LISTEN:-127.0.0.1:6494} DATA_DIR=${DATA_DIR:-/var/lib/nixie}

has_systemd() { [ -d "$SYSTEM/run/systemd/system" ]; }

check_machine() {
  case $SUFFIX in
    '') ;;
    *-musl) die "Nixie captures on Linux with glibc only, and $(system PRETTY_NAME) has musl" 'Run its image in a container here, which brings its own glibc (deploy/README.md, Without an installation), or install into a cluster: --minikube, --kind.' ;;
    *) die 'Nixie captures on Linux with glibc only' 'Into a cluster it goes from here: --minikube, --kind.' ;;
  esac
  ! is_system nixos || [ "$UNINSTALL" = yes ] || die 'NixOS takes programs and services from its own configuration only' 'deploy/README.md (Without an installation) has the lines for configuration.nix.'
  [ "$(id -u)" = 0 ] || die 'root is needed: to install packages and to load eBPF programs' 'Run it with sudo. For a cluster it is not needed: --minikube, --kind, --k3s.'
  [ "$UNINSTALL$TOOLS" = nono ] || return 0
  [ "$TARGET" = local ] || has_systemd || die 'systemd does not run here' 'Leave --systemd out: Nixie then runs in the background.'
  at_least 5.8 "$(uname -r)" || die "Linux $(uname -r) is too old: 5.8 or newer is needed" 'Boot a newer kernel.'
  [ -r "$SYSTEM/sys/kernel/btf/vmlinux" ] || die 'this kernel has no BTF (/sys/kernel/btf/vmlinux)' \
    "Boot a kernel with CONFIG_DEBUG_INFO_BTF=y; Debian's, Ubuntu's and Fedora's have it, Raspberry Pi's own may lack it (raspberrypi/linux issue 6622)."
}

check_paths() { # before minutes of building
  case $DATA_DIR in /*) ;; *) die "NIXIE_DATA_DIR: '$DATA_DIR' does not begin with a slash" 'Name the directory by its whole path.' ;; esac
  [ "$UNINSTALL" = no ] || return 0
  # The settings file holds it in quotes, the unit holds it in a line of its own.
  case $LISTEN$DATA_DIR$ALLOW_USERS in
    *[\'\"\\%\|\&[:space:][:cntrl:]]*) die "NIXIE_DATA_DIR, NIXIE_LISTEN and NIXIE_ALLOW_USERS may have no quotes, spaces, backslashes, %, | or &: '$DATA_DIR', '$LISTEN', '$ALLOW_USERS'" 'Choose another directory.' ;;
  esac
}

# The new one checks the settings now, while the old one still runs.
check_settings() {
  (read_settings; NIXIE_LISTEN=$LISTEN NIXIE_DATA_DIR=$DATA_DIR "$BIN.new" serve --check-settings) || {
    rm -f "$BIN.new"
    die 'Nixie would not start with these settings, so nothing is changed' "The reason is above; they come from the environment and from $SETTINGS."
  }
  # shellcheck disable=SC2174 # the folders above it may be for all
  [ -d "$DATA_DIR" ] || mkdir -p -m 700 "$DATA_DIR" || die "can't make $DATA_DIR, so nothing is changed" 'Choose another with NIXIE_DATA_DIR.'
}

obtain() { # NEW: the binary; SERVICE: the unit
  if [ -z "$HERE" ]; then
    fetch "nixie-linux-$ARCH.gz"
    fetch nixie.service
    gunzip "$TEMP/nixie-linux-$ARCH.gz"
    NEW=$TEMP/nixie-linux-$ARCH SERVICE=$TEMP/nixie.service
    return
  fi
  [ "$BUILD" = no ] || { bring_tools; build; }
  NEW=$HERE/dist/nixie SERVICE=$HERE/deploy/nixie.service
  [ -x "$NEW" ] || die "there is no $NEW" 'Run ./install.sh without --no-build.'
}

runs() { # PID: is it a Nixie?
  exe=$(readlink "/proc/$1/exe" 2>/dev/null) || return 1
  [ "$(basename "${exe% (deleted)}")" = nixie ]
}

stop() {
  if has_systemd && [ -e "$UNIT" ]; then
    say 'Stopping the service'
    systemctl stop nixie || die 'systemctl could not stop nixie' "See 'journalctl -u nixie'."
  fi
  [ -s "$PIDFILE" ] || return 0
  pid=$(cat "$PIDFILE")
  if runs "$pid"; then
    say "Stopping Nixie (pid $pid)"
    kill "$pid"
    tries=0; while runs "$pid" && [ "$tries" -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
    ! runs "$pid" || die "Nixie (pid $pid) does not stop" "See $LOG; 'kill -9 $pid' ends it."
  fi
  rm -f "$PIDFILE"
}

keep_settings() {
  [ -n "${NIXIE_LISTEN:-}${NIXIE_DATA_DIR:-}$ALLOW_USERS" ] || return 0
  mkdir -p "$(dirname "$SETTINGS")"
  rest=$(sed -e '/^NIXIE_LISTEN=/d' -e '/^NIXIE_DATA_DIR=/d' -e '/^NIXIE_ALLOW_USERS=/d' "$SETTINGS" 2>/dev/null || true)
  # In single quotes systemd and a shell read the same.
  printf '%s\n' ${rest:+"$rest"} "NIXIE_LISTEN='$LISTEN'" "NIXIE_DATA_DIR='$DATA_DIR'" \
    ${ALLOW_USERS:+"NIXIE_ALLOW_USERS='$ALLOW_USERS'"} >"$SETTINGS.new"
  mv -f "$SETTINGS.new" "$SETTINGS"
}

listener() { # PORT: the process that listens there
  inode=$(awk -v port="$(printf ':%04X' "$1")" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10; exit }' /proc/net/tcp* || true)
  [ -n "$inode" ] || return 0
  pid=$(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" 2>/dev/null | sed -n '1s|^/proc/\([0-9]*\)/.*|\1|p')
  [ -z "$pid" ] || printf 'process %s: %s' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c 1-120)"
}

own_pid() { if has_systemd; then systemctl show -p MainPID --value nixie; elif [ -s "$PIDFILE" ]; then cat "$PIDFILE"; fi; }

check_port() { # the Nixie that this one replaces may listen there
  code=0
  curl -s -o /dev/null --noproxy '*' --max-time 3 "http://$LISTEN/" || code=$?
  # No program listens; or it is no address, which the new one will report.
  case $code in 3 | 6 | 7) return 0 ;; esac
  who=$(listener "${LISTEN##*:}")
  case $who in "process $(own_pid): "*) return 0 ;; esac
  die "$LISTEN is taken by ${who:-a process of another namespace}" 'End it, or choose another address with the variable NIXIE_LISTEN, such as 127.0.0.1:6495.'
}

start() {
  if has_systemd; then
    say 'Starting the service nixie'
    id -u nixie >/dev/null 2>&1 || useradd --system --user-group --no-create-home --home-dir "$DATA_DIR" --shell /usr/sbin/nologin nixie ||
      die "the account nixie can't be made" 'Make it: useradd --system nixie. Then run this again.'
    sed -e "s|@BIN@|$BIN|" -e "s|@DATA_DIR@|$DATA_DIR|g" "$SERVICE" >"$UNIT"
    systemctl daemon-reload
    systemctl enable --quiet nixie
    systemctl restart nixie || die 'systemctl could not start nixie' "See 'journalctl -u nixie'."
  else
    say "Starting Nixie in the background (no systemd here); log: $LOG"
    # shellcheck disable=SC2016 # for the inner shell
    (umask 077; read_settings; NIXIE_LISTEN=$LISTEN NIXIE_DATA_DIR=$DATA_DIR exec setsid sh -c 'echo $$ >"$1"; exec "$0" serve' "$BIN" "$PIDFILE") >>"$LOG" 2>&1 </dev/null &
  fi
}

alive() { if has_systemd; then systemctl is-active --quiet nixie; else [ -s "$PIDFILE" ] && runs "$(cat "$PIDFILE")"; fi; }
last_words() { if has_systemd; then journalctl -u nixie -n 15 --no-pager; else tail -n 15 "$LOG"; fi >&2; }
ask() { curl -s -f --noproxy '*' --max-time 3 "http://$LISTEN$1"; }

wait_ready() {
  say 'Waiting until it captures'
  tries=0
  until ask /readyz >/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -le 5 ] || alive || { last_words; die 'Nixie did not start' 'Its last words are above.'; }
    if [ "$tries" -ge $((READY_SECONDS * 2)) ]; then
      "$BIN" check >&2 || true
      last_words
      die "Nixie answers on http://$LISTEN/ but does not capture after $READY_SECONDS s" 'What is missing is said above.'
    fi
    sleep 0.5
  done
}

uninstall() {
  stop
  ! has_systemd || [ ! -e "$UNIT" ] || systemctl disable --quiet nixie
  rm -f "$UNIT"
  ! has_systemd || systemctl daemon-reload
  ! has_systemd || ! id -u nixie >/dev/null 2>&1 || [ "$PURGE" = no ] || userdel nixie 2>/dev/null || true
  rm -f "$BIN" "$LOG"
  [ "$PURGE" = yes ] || { say "Removed. The data stays in $DATA_DIR; --uninstall --purge removes it too."; return 0; }
  rm -f "$SETTINGS"
  # Deletes the store's files, and the directory unless it holds others.
  rm -rf -- "$DATA_DIR"/nixie.db* "$DATA_DIR"/nixie.lock* "$DATA_DIR"/.writable-* "$DATA_DIR/readers"
  if [ -d "$DATA_DIR" ] && ! rmdir "$DATA_DIR" 2>/dev/null; then
    say "Removed, with $SETTINGS and the data. $DATA_DIR stays: it holds more."
  else say "Removed, with $DATA_DIR and $SETTINGS."; fi
}

on_this_machine() {
  check_machine
  [ "$TOOLS" = yes ] || check_paths
  [ "$UNINSTALL" = no ] || { uninstall; exit 0; }
  # Without a terminal nobody can answer: it does what the line says. On a terminal it asks.
  # shellcheck disable=SC2034 # of tools.sh
  if [ -z "$HERE" ] || ! on_terminal; then YES=yes; fi
  [ "$TOOLS" = no ] || { bring_tools; exit 0; }
  say "Nixie: install to $BIN, keep data in $DATA_DIR, listen on $LISTEN"
  # Checked before minutes of building; the running program may be the one to replace.
  check_port
  obtain
  stage_binary
  check_settings
  install_binary
  stop
  keep_settings
  [ "$START" = yes ] || { say "Installed. Start it with '$BIN serve'."; exit 0; }
  check_port
  start
  wait_ready
  server=
  [ "$LISTEN" = 127.0.0.1:6494 ] || server=" --server http://$LISTEN"
  cat <<END

$("$BIN" version) captures, after $(($(date +%s) - BEGAN)) s. Open http://$LISTEN/ or ask:

    curl -s 'http://$LISTEN/api/run/px/http_data?start_time=-1m' | head -c 600
    nixie run$server px/http_data
END
}
