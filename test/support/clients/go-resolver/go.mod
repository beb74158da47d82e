module resolver

go 1.19
