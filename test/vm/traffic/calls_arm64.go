package main

// Calls that Go's package syscall has no number of on every architecture.
const (
	sysRecvmmsg = 243
	sysSendmmsg = 269
)
