// Asks with Go's own resolver. Arguments: network (udp or tcp), server with port, then names. A line of JSON for each name.
package main

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"sort"
)

func main() {
	network, server := os.Args[1], os.Args[2]
	resolver := net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server)
		},
	}
	for _, name := range os.Args[3:] {
		// A dot at the end: no other names are tried.
		addresses, err := resolver.LookupHost(context.Background(), name+".")
		if err != nil {
			addresses = []string{}
		}
		sort.Strings(addresses)
		json.NewEncoder(os.Stdout).Encode(map[string]any{"name": name, "answers": addresses, "failed": err != nil})
	}
}
