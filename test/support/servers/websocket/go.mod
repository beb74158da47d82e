module nixie.test/websocket

go 1.26.0

require (
	github.com/coder/websocket v1.8.15
	github.com/gorilla/websocket v1.5.3
	golang.org/x/net v0.60.0
)

require golang.org/x/text v0.42.0 // indirect
