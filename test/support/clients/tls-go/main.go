// Connects by TLS to ADDRESS as NAME, and prints version, cipher suite and protocol; then asks for /.
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"os"
)

func main() {
	config := &tls.Config{ServerName: os.Args[2], InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}
	connection, err := tls.Dial("tcp", os.Args[1], config)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	state := connection.ConnectionState()
	fmt.Printf("%s\n%s\n%s\n", tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite), state.NegotiatedProtocol)
	fmt.Fprintf(connection, "GET /go HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", os.Args[2])
	io.Copy(io.Discard, connection)
}
