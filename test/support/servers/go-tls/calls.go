package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
)

func portOf(address net.Addr) int { return address.(*net.TCPAddr).Port }

// What an end says: who it is, its port and the other one's, a number, and so many bytes behind that.
func say(who string, conn net.Conn, n, size int) []byte {
	head := fmt.Sprintf("%s %d %d %d ", who, portOf(conn.LocalAddr()), portOf(conn.RemoteAddr()), n)
	return append(append([]byte(head), bytes.Repeat([]byte("."), size)...), '\n')
}

// Reads a line with a buffer on the goroutine's stack, which is small: it may be moved within the call.
func readLine(conn *tls.Conn) (line []byte, err error) {
	for !bytes.HasSuffix(line, []byte("\n")) {
		var buffer [200]byte
		n, err := conn.Read(buffer[:])
		if err != nil {
			return nil, err
		}
		line = append(line, buffer[:n]...)
	}
	return line, nil
}

// Runs it on a new goroutine, whose stack is as small as can be.
func fresh(run func()) {
	done := make(chan bool)
	go func() {
		run()
		done <- true
	}()
	<-done
}

func answer(conn *tls.Conn) {
	for n := 0; ; n++ {
		var err error
		fresh(func() {
			var line []byte
			if line, err = readLine(conn); err == nil {
				_, err = conn.Write(say("S", conn, n, len(line)/2))
			}
		})
		if err != nil {
			conn.Close()
			return
		}
	}
}

func listen(config *tls.Config, serve func(net.Conn)) net.Addr {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	go func() {
		for {
			conn, err := listener.Accept()
			fail(err)
			go serve(conn)
		}
	}()
	return listener.Addr()
}

// Deeper than any call of the library: what a stale call below would take for its own.
//
//go:noinline
func relay(depth int, to net.Conn, record []byte) byte {
	var room [512]byte
	if depth > 0 {
		return relay(depth-1, to, record) + room[depth]
	}
	_, err := to.Write(record)
	fail(err)
	return room[0]
}

// calls CERT KEY: exchanges on many connections from goroutines that go from thread to thread, and calls that move nothing.
func calls(cert, key string) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	fail(err)
	config := &tls.Config{Certificates: []tls.Certificate{pair}, InsecureSkipVerify: true}
	server := listen(config, func(conn net.Conn) { answer(tls.Server(conn, config)) })
	sink := listen(config, func(conn net.Conn) { io.Copy(io.Discard, conn) })
	within := listen(config, func(conn net.Conn) {
		outer := tls.Server(conn, config)
		answer(tls.Server(outer, config))
	})
	dial := func(to net.Addr) net.Conn {
		conn, err := net.Dial("tcp", to.String())
		fail(err)
		return conn
	}
	talk := func(conn *tls.Conn, count int) {
		for n := 0; n < count; n++ {
			fresh(func() {
				_, err := conn.Write(say("C", conn, n, n*n*40))
				fail(err)
				runtime.Gosched()
				_, err = readLine(conn)
				fail(err)
			})
		}
	}
	var all sync.WaitGroup
	for i := 0; i < 16; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			conn := tls.Client(dial(server), config)
			talk(conn, 30)
			// Nothing of this is sent, and what is sent then is another connection's.
			conn.Close()
			conn.Write([]byte("never sent\n"))
			raw := dial(sink)
			relay(8, raw, append([]byte{23, 3, 3, 1, 0}, bytes.Repeat([]byte("x"), 256)...))
			raw.Close()
		}()
	}
	for i := 0; i < 4; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			talk(tls.Client(tls.Client(dial(within), config), config), 10)
		}()
	}
	all.Wait()
	// Connections that wait to read are open at the end.
	for i := 0; i < 8; i++ {
		conn := tls.Client(dial(server), config)
		talk(conn, 1)
		go readLine(conn)
	}
	fmt.Println("done")
	select {}
}
