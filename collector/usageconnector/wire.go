// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"encoding/binary"
	"errors"
	"time"
)

// What is kept on disk is written with these few verbs: numbers as varints, texts with their
// length before them, times as milliseconds.

func putNumber[N int | int64 | uint64](b []byte, n N) []byte {
	return binary.AppendUvarint(b, uint64(n))
}

func putTime(b []byte, t time.Time) []byte { return binary.AppendVarint(b, t.UnixMilli()) }

func putAge(b []byte, d time.Duration) []byte { return putNumber(b, d.Milliseconds()) }

func putLabels(b []byte, labels []pair) []byte {
	b = putNumber(b, len(labels))
	for _, l := range labels {
		b = appendText(appendText(b, l.name), l.value)
	}
	return b
}

// unpacker reads in the same order. After the first thing that cannot be there it gives zeros,
// and failed says so.
type unpacker struct {
	rest   []byte
	failed bool
}

var errContent = errors.New("its content is not what this version writes")

// end is the error of everything that was read.
func (u *unpacker) end() error {
	if u.failed || len(u.rest) > 0 {
		return errContent
	}
	return nil
}

func (u *unpacker) fail() { u.failed, u.rest = true, nil }

func (u *unpacker) number() uint64 {
	n, width := binary.Uvarint(u.rest)
	if width <= 0 {
		u.fail()
		return 0
	}
	u.rest = u.rest[width:]
	return n
}

// count is a number of things that take at least size bytes each.
func (u *unpacker) count(size int) int {
	n := u.number()
	if n > uint64(len(u.rest)/size) {
		u.fail()
		return 0
	}
	return int(n)
}

func (u *unpacker) bytes(n int) []byte {
	if n > len(u.rest) {
		u.fail()
		return make([]byte, n)
	}
	taken := u.rest[:n]
	u.rest = u.rest[n:]
	return taken
}

func (u *unpacker) text() string { return string(u.bytes(u.count(1))) }

func (u *unpacker) time() time.Time {
	n, width := binary.Varint(u.rest)
	if width <= 0 {
		u.fail()
		return time.Time{}
	}
	u.rest = u.rest[width:]
	return time.UnixMilli(n).UTC()
}

func (u *unpacker) age() time.Duration { return time.Duration(u.number()) * time.Millisecond }

func (u *unpacker) labels() []pair {
	labels := make([]pair, u.count(2))
	for i := range labels {
		labels[i] = pair{name: u.text(), value: u.text()}
	}
	return labels
}
