# shellcheck shell=sh
# install.sh's part for clusters; `say`, `die`, `fetch` and its variables are install.sh's.

KUBECTL=kubectl
NAMESPACE=nixie
DEPLOY_SECONDS=120

check_cluster() {
  command -v kubectl >/dev/null || die 'kubectl is missing' 'https://kubernetes.io/docs/tasks/tools/ says how to install it.'
  if [ "$TARGET" = minikube ]; then
    command -v minikube >/dev/null || die 'minikube is missing' 'https://minikube.sigs.k8s.io/docs/start/ says how to install it.'
    minikube status >/dev/null 2>&1 || die 'minikube does not run' "Start it with 'minikube start'."
    KUBECTL='kubectl --context minikube'
  fi
  $KUBECTL version >/dev/null 2>&1 || die "the cluster of kubectl's context does not answer" "See 'kubectl config current-context' and 'kubectl cluster-info'."
}

# MANIFEST: deploy/nixie.yaml, with the image given and, on minikube, the folder that outlives its restart.
write_manifest() {
  if [ -n "$HERE" ]; then plain=$HERE/deploy/nixie.yaml; else fetch nixie.yaml; plain=$TEMP/nixie.yaml; fi
  MANIFEST=$TEMP/manifest.yaml
  data=/var/lib/nixie
  [ "$TARGET" = k8s ] || data=/data/nixie
  sed -e "s|^\( *image: \).*|\1${IMAGE:-$(sed -n 's/^ *image: //p' "$plain")}|" \
    -e "s|^\( *path: \)/var/lib/nixie\$|\1$data|" "$plain" >"$MANIFEST"
}

# Into minikube's node: the image of the release, as no registry has it.
load_image() {
  [ "$TARGET" = minikube ] && [ -z "$IMAGE" ] && [ -z "$HERE" ] || return 0
  case $(uname -m) in aarch64) arch=arm64 ;; *) arch=x64 ;; esac
  fetch "nixie-image-linux-$arch.tar.gz"
  gunzip "$TEMP/nixie-image-linux-$arch.tar.gz"
  say 'Loading the image into minikube'
  minikube image load "$TEMP/nixie-image-linux-$arch.tar" || die 'minikube could not load the image' 'See its message above.'
}

install_in_cluster() {
  check_cluster
  load_image
  write_manifest
  say "Applying the manifest to $($KUBECTL config current-context)"
  $KUBECTL apply -f "$MANIFEST" || die 'kubectl could not apply the manifest' 'See its message above.'
  say 'Waiting until a pod on every node captures'
  if ! $KUBECTL -n "$NAMESPACE" rollout status daemonset/nixie --timeout="${DEPLOY_SECONDS}s"; then
    $KUBECTL -n "$NAMESPACE" get pods -o wide >&2
    $KUBECTL -n "$NAMESPACE" get events --field-selector type=Warning >&2
    $KUBECTL -n "$NAMESPACE" logs daemonset/nixie --tail=15 >&2 || true
    die "not every pod captures after $DEPLOY_SECONDS s" 'What is wrong is said above; an image that no node has needs --image.'
  fi
  cat <<END

Nixie captures. Open http://127.0.0.1:6494/ after

    $KUBECTL -n $NAMESPACE port-forward daemonset/nixie 6494
END
}

remove_from_cluster() {
  check_cluster
  $KUBECTL delete --ignore-not-found namespace "$NAMESPACE"
  $KUBECTL delete --ignore-not-found clusterrole/nixie clusterrolebinding/nixie
  [ "$PURGE" = yes ] || { say 'Removed. The data stays on the nodes.'; return 0; }
  [ "$TARGET" = minikube ] || die 'removed all but the data: kubectl does not reach the folders of nodes' 'Remove /var/lib/nixie on each node.'
  minikube ssh -- sudo rm -rf /data/nixie
  say 'Removed, with the data.'
}
