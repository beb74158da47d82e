module tlsclient

go 1.21
