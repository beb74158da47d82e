// Talks to PostgreSQL through pgx, whose values are binary, and says as JSON lines what it asked and got.
// Usage: pgxclient URL NAME
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

type logged struct {
	Mark  string `json:"mark"`
	Rows  int    `json:"rows"`
	Error string `json:"error"`
	Ns    int64  `json:"ns"`
}

func say(mark string, rows int, err error, since time.Time) {
	code := ""
	var failed *pgconn.PgError
	if errors.As(err, &failed) {
		code = failed.Code
	} else if err != nil {
		panic(err)
	}
	json.NewEncoder(os.Stdout).Encode(logged{mark, rows, code, time.Since(since).Nanoseconds()})
}

func main() {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, os.Args[1])
	if err != nil {
		panic(err)
	}
	name := os.Args[2]
	defer conn.Close(ctx)

	ask := func(mark string, sql string, values ...any) {
		since := time.Now()
		rows, err := conn.Query(ctx, sql+" /* "+mark+" */", values...)
		count := 0
		if err == nil {
			for rows.Next() {
				count++
			}
			err = rows.Err()
		}
		say(mark, count, err, since)
	}
	for i := 0; i < 20; i++ {
		ask(name+"-series", "SELECT i, 'row ' || i, i::numeric / 4, now() FROM generate_series(1, $1::int) i", int32(i))
	}
	moment := time.Date(2024, 2, 29, 12, 34, 56, 789000000, time.UTC)
	ask(name+"-values", "SELECT $1::int8, $2::text, $3::bool, $4::float8, $5::timestamptz, $6::int4[], $7::text",
		int64(-7), "Zoë", true, 2.5, moment, []int32{1, 2, 3}, nil)
	ask(name+"-fails", "SELECT 1 / $1::int", int32(0))
	ask(name+"-missing", "SELECT * FROM missing_table")
	since := time.Now()
	tag, err := conn.Exec(ctx, "SELECT 1 /* "+name+"-simple */", pgx.QueryExecModeSimpleProtocol)
	say(name+"-simple", int(tag.RowsAffected()), err, since)

	// Many in one pipeline.
	batch := &pgx.Batch{}
	const many = 30
	for i := 0; i < many; i++ {
		batch.Queue("SELECT $1::int /* "+name+"-batch */", int32(i))
	}
	since = time.Now()
	results := conn.SendBatch(ctx, batch)
	for i := 0; i < many; i++ {
		tag, err := results.Exec()
		say(name+"-batch", int(tag.RowsAffected()), err, since)
	}
	if err := results.Close(); err != nil {
		panic(err)
	}
	since = time.Now()
	copied, err := conn.CopyFrom(ctx, pgx.Identifier{"things"}, []string{"id", "name"},
		pgx.CopyFromSlice(40, func(i int) ([]any, error) { return []any{int32(i), fmt.Sprint("go ", i)}, nil }))
	say(name+"-copy", int(copied), err, since)
}
