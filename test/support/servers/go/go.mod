module nixie.test/server

go 1.19
