// Talks to MariaDB by go-sql-driver, and prints what it asked and got, a JSON object each: mysql-client PORT
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/go-sql-driver/mysql"
)

type said struct {
	Cmd      int    `json:"cmd"`
	Body     string `json:"body"`
	Rows     int    `json:"rows"`
	Affected int64  `json:"affected"`
	Error    uint16 `json:"error"`
}

func say(one said) {
	text, _ := json.Marshal(one)
	fmt.Println(string(text))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// What is bound is sent by a statement that is prepared for it and closed again.
func named(query string, values []any) (int, string) {
	if len(values) == 0 {
		return 3, query
	}
	texts := []string{}
	for _, value := range values {
		if value == nil {
			value = "NULL"
		}
		texts = append(texts, fmt.Sprint(value))
	}
	return 23, fmt.Sprintf("query=[%s] params=[%s]", query, strings.Join(texts, ", "))
}

func ask(conn *sql.Conn, query string, values ...any) {
	cmd, body := named(query, values)
	rows, err := conn.QueryContext(context.Background(), query, values...)
	var failure *mysql.MySQLError
	if errors.As(err, &failure) {
		say(said{Cmd: cmd, Body: body, Error: failure.Number})
		return
	}
	must(err)
	count := 0
	for more := true; more; more = rows.NextResultSet() {
		for rows.Next() {
			count++
		}
	}
	must(rows.Err())
	rows.Close()
	say(said{Cmd: cmd, Body: body, Rows: count})
}

func change(conn *sql.Conn, query string, values ...any) {
	cmd, body := named(query, values)
	result, err := conn.ExecContext(context.Background(), query, values...)
	must(err)
	affected, err := result.RowsAffected()
	must(err)
	say(said{Cmd: cmd, Body: body, Affected: affected})
}

func talk(name, options string) {
	db, err := sql.Open("mysql", "app:hunter2@tcp(127.0.0.1:"+os.Args[1]+")/shop?multiStatements=true"+options)
	must(err)
	defer db.Close()
	conn, err := db.Conn(context.Background())
	must(err)
	ask(conn, "SELECT '"+name+"', 2")
	change(conn, "INSERT INTO goods (name, price) VALUES (?, ?)", name, 5)
	change(conn, "INSERT INTO goods (name, price) VALUES (?, ?)", name, -2.25)
	ask(conn, "SELECT name, price FROM goods WHERE name = ? AND price > ? AND sold <=> ?", name, -7, nil)
	ask(conn, "SELECT * FROM missing_"+name)
	ask(conn, "CALL two_results('"+name+"')")
	ask(conn, "SELECT seq, '"+name+"' FROM seq_1_to_2500")
	must(conn.PingContext(context.Background()))
	say(said{Cmd: 14})
	// A value of this size is sent in parts before its statement.
	large := name + strings.Repeat("y", 700000)
	row := conn.QueryRowContext(context.Background(), "SELECT LENGTH(?)", large)
	var length int
	must(row.Scan(&length))
	say(said{Cmd: 23, Body: "query=[SELECT LENGTH(?)] params=[" + large[:1024] + "]", Rows: 1})
	must(conn.Close())
}

func main() {
	talk("goplain", "&maxAllowedPacket=1000000")
	talk("gozip", "&compress=true&maxAllowedPacket=1000000")
	talk("gotls", "&tls=skip-verify&maxAllowedPacket=1000000")
}
