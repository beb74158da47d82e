#!/usr/bin/env bash
# Brings up a single-node Kubernetes cluster (real kubelet, containerd and runc) for tests, from
# Debian packages and the Go module proxy alone. Idempotent. Needs root.
# Usage: up.sh [STATE_DIR]     prints the path of the admin kubeconfig
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "${1:-}"

((EUID == 0)) || die "must run as root"
# Unix socket paths are limited to 107 bytes; the longest one is under the kubelet's directory.
((${#state} <= 60)) || die "the state directory's path is too long: $state"

# What an earlier boot left behind means nothing now.
boot_id=$(</proc/sys/kernel/random/boot_id)
if [[ -e $run/boot_id && $(<"$run/boot_id") != "$boot_id" ]]; then rm -rf --one-file-system "$run"; fi
mkdir -p "$run" "$logs" "$conf" "$state/images" "$state/kubelet" "$state/containerd"
echo "$boot_id" >"$run/boot_id"

# Packages.
missing=()
for p in etcd-server containerd runc iptables nftables conntrack containernetworking-plugins openssl iproute2; do
  dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
done
if ((${#missing[@]})); then
  log "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 # RUNLEVEL=1: do not start the services
  { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$state/apt.log" 2>&1 ||
    die "apt-get failed, see $state/apt.log"
fi
cni_bin=$(dirname "$(dpkg -L containernetworking-plugins | grep -m1 '/bridge$')")

# Binaries, images, certificates: made once.
"$here/build.sh" "$state"
if [[ ! $state/images/pause.tar -nt $here/pause/main.go ]]; then
  (cd "$here/pause" && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$bin/pause" main.go)
  "$here/mkimage.sh" "$PAUSE_IMAGE" "$bin/pause" "$state/images/pause.tar"
fi
"$here/pki.sh" "$state"

# Network: a bridge without ports holds the node's address, so nothing listens on a real interface.
if ! ip link show "$NODE_BRIDGE" >/dev/null 2>&1; then ip link add "$NODE_BRIDGE" type bridge; fi
ip addr replace "$NODE_IP/32" dev "$NODE_BRIDGE"
ip link set "$NODE_BRIDGE" up
# Settings that the kubelet and pods' network change; down.sh puts them back.
sysctls=(net.ipv4.ip_forward vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops
  net.bridge.bridge-nf-call-iptables)
[[ -e $run/sysctl.saved ]] || sysctl -e "${sysctls[@]}" >"$run/sysctl.saved"
sysctl -q -w net.ipv4.ip_forward=1
if [[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]]; then sysctl -q -w net.bridge.bridge-nf-call-iptables=1; fi

# What pods send stays on this machine.
nft -f - <<NFT
table ip knode
delete table ip knode
table ip knode {
  chain forward {
    type filter hook forward priority filter; policy accept;
    ip saddr $POD_CIDR oifname != { "$POD_BRIDGE", "$NODE_BRIDGE" } drop
  }
}
NFT

# Control plane.
start etcd etcd --name test --data-dir "$state/etcd" \
  --listen-client-urls "http://127.0.0.1:$ETCD_PORT" --advertise-client-urls "http://127.0.0.1:$ETCD_PORT" \
  --listen-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" --initial-advertise-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" \
  --initial-cluster "test=http://127.0.0.1:$ETCD_PEER_PORT" --log-level warn
start kube-apiserver kube-apiserver \
  --bind-address "$NODE_IP" --advertise-address "$NODE_IP" --secure-port "$API_PORT" \
  --etcd-servers "http://127.0.0.1:$ETCD_PORT" \
  --anonymous-auth=false --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
  --allow-privileged --profiling=false \
  --client-ca-file "$pki/ca.crt" --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" \
  --service-account-issuer "https://kubernetes.default.svc.$CLUSTER_DOMAIN" \
  --service-account-key-file "$pki/sa.pub" --service-account-signing-key-file "$pki/sa.key" \
  --service-cluster-ip-range "$SERVICE_CIDR" \
  --kubelet-certificate-authority "$pki/ca.crt" --kubelet-preferred-address-types InternalIP \
  --kubelet-client-certificate "$pki/apiserver-kubelet-client.crt" --kubelet-client-key "$pki/apiserver-kubelet-client.key" \
  --requestheader-client-ca-file "$pki/front-proxy-ca.crt" --requestheader-allowed-names front-proxy-client \
  --requestheader-username-headers X-Remote-User --requestheader-group-headers X-Remote-Group \
  --requestheader-extra-headers-prefix X-Remote-Extra- \
  --proxy-client-cert-file "$pki/front-proxy-client.crt" --proxy-client-key-file "$pki/front-proxy-client.key"

# containerd and the kubelet share a mount namespace of their own in which every mount is shared:
# volumes can then use mountPropagation, and pods' mounts are gone when the namespace ends.
if [[ $(stat -f -c %T "$mntns" 2>/dev/null) != nsfs ]]; then
  mount --bind "$run" "$run" # its file must lie on a private mount
  mount --make-private "$run"
  touch "$mntns"
  unshare --mount="$mntns" --propagation slave mount --make-rshared /
fi
put "$conf/containerd.toml" <<TOML
version = 2
root = "$state/containerd"
state = "$run/containerd"
[grpc]
  address = "$containerd_sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$state/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$PAUSE_IMAGE"
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  restrict_oom_score_adj = true # works without CAP_SYS_RESOURCE too
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$cni_bin"
    conf_dir = "$conf/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
        Root = "$run/runc"
TOML
mkdir -p "$conf/cni"
put "$conf/cni/10-test.conflist" <<JSON
{"cniVersion": "1.0.0", "name": "test", "plugins": [
  {"type": "bridge", "bridge": "$POD_BRIDGE", "isGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$run/cni", "ranges": [[{"subnet": "$POD_CIDR"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}
]}
JSON
start containerd nsenter --mount="$mntns" containerd --config "$conf/containerd.toml"
wait_for 30 containerd ctr -a "$containerd_sock" version
ctr -a "$containerd_sock" -n k8s.io images import "$state/images/pause.tar" >/dev/null

wait_for 120 kube-apiserver kc get --raw /readyz
start kube-controller-manager kube-controller-manager --kubeconfig "$conf/controller-manager.kubeconfig" \
  --bind-address 127.0.0.1 --leader-elect=false --use-service-account-credentials \
  --root-ca-file "$pki/ca.crt" --service-account-private-key-file "$pki/sa.key" \
  --cluster-signing-cert-file "$pki/ca.crt" --cluster-signing-key-file "$pki/ca.key"
start kube-scheduler kube-scheduler --kubeconfig "$conf/scheduler.kubeconfig" --bind-address 127.0.0.1 --leader-elect=false

# Node.
: >"$conf/resolv.conf" # no names but the cluster's
put "$conf/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $NODE_IP
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $pki/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: $pki/kubelet-server.crt
tlsPrivateKeyFile: $pki/kubelet-server.key
containerRuntimeEndpoint: unix://$containerd_sock
cgroupDriver: cgroupfs
makeIPTablesUtilChains: false # they would outlive the cluster
failCgroupV1: false
failSwapOn: false
resolvConf: $conf/resolv.conf
clusterDNS: [$NODE_IP]
clusterDomain: $CLUSTER_DOMAIN
podLogsDir: $logs/pods
volumePluginDir: $state/kubelet/volume-plugins
imageGCHighThresholdPercent: 100 # images cannot be pulled again
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
syncFrequency: 10s
YAML
start kubelet nsenter --mount="$mntns" kubelet --config "$conf/kubelet.yaml" \
  --kubeconfig "$conf/kubelet.kubeconfig" --root-dir "$state/kubelet" --cert-dir "$pki/kubelet" \
  --hostname-override "$NODE_NAME" --node-ip "$NODE_IP"

put "$conf/kube-proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
bindAddress: $NODE_IP
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
clientConnection: {kubeconfig: $conf/kube-proxy.kubeconfig}
hostnameOverride: $NODE_NAME
clusterCIDR: $POD_CIDR
nodePortAddresses: [$NODE_IP/32]
conntrack: {maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
YAML
start kube-proxy kube-proxy --config "$conf/kube-proxy.yaml"

# DNS: a process on the node's address, not pods.
kc apply -f "$here/dns-rbac.yaml" >/dev/null
put "$conf/Corefile" <<COREFILE
.:53 {
  bind $NODE_IP
  errors
  kubernetes $CLUSTER_DOMAIN in-addr.arpa {
    kubeconfig $conf/coredns.kubeconfig test
  }
}
COREFILE
start coredns coredns -conf "$conf/Corefile"

wait_for 60 "node object" kc get node "$NODE_NAME"
wait_for 60 kubelet kc get --raw "/api/v1/nodes/$NODE_NAME/proxy/healthz" # Ready may be an earlier run's
kc wait --for=condition=Ready --timeout=120s "node/$NODE_NAME" >&2
wait_for 60 "default service account" kc get serviceaccount default
log "cluster is up; export KUBECONFIG=$admin_conf PATH=$bin:\$PATH"
echo "$admin_conf"
