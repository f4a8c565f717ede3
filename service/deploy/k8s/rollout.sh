#!/bin/sh
# Roll a version out: migrate first, then the pods. The schema may always be one version ahead of the code
# (docs/migrations.md says how), so the old pods go on serving while the job and the rollout run.
#   deploy/k8s/rollout.sh registry.example.org/publishing-service:1.2.3
set -eu
image=${1:?the image to roll out, with its tag}
folder=$(dirname "$0")
name=publishing-service-migrate-$(printf %s "$image" | cksum | cut -d ' ' -f 1)

kubectl apply -f "$folder/namespace.yaml" -f "$folder/config.yaml"
sed -e "s|name: publishing-service-migrate|name: $name|" -e "s|image: publishing-service:latest|image: $image|" \
    "$folder/migrate.yaml" | kubectl apply -f -
# It ends in one of two ways, the second at the latest by its activeDeadlineSeconds; `kubectl wait` knows one.
while :; do
    ended=$(kubectl --namespace publishing-service get "job/$name" \
        --output 'jsonpath={.status.conditions[?(@.status=="True")].type}')
    case $ended in
        *Complete*) break ;;
        *Failed*) kubectl --namespace publishing-service logs "job/$name" --tail 20 >&2; exit 1 ;;
    esac
    sleep 2
done

kubectl kustomize "$folder" | sed "s|image: publishing-service:latest|image: $image|" | kubectl apply -f -
kubectl --namespace publishing-service rollout status deployment/publishing-service --timeout=10m
kubectl --namespace publishing-service rollout status deployment/publishing-service-worker --timeout=10m
