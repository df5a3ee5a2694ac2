// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// HeaderSize is the room that Append needs in front of a payload.
//
// A header holds the payload's length (4 bytes), the sequence number (8), the payload's CRC-32C
// (4) and the CRC-32C of the header itself (4), all little-endian. The header has a sum of its
// own, since a length that was damaged would otherwise look like a record that was cut off.
const HeaderSize = 20

// maxPayload is far above what a commit can be; it only keeps a reader from asking for all memory.
const maxPayload = 1 << 30

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// seal writes the header of the frame: HeaderSize bytes, then the payload.
func seal(frame []byte, sequence uint64) {
	payload := frame[HeaderSize:]
	binary.LittleEndian.PutUint32(frame, uint32(len(payload)))
	binary.LittleEndian.PutUint64(frame[4:], sequence)
	binary.LittleEndian.PutUint32(frame[12:], sum(payload))
	binary.LittleEndian.PutUint32(frame[16:], sum(frame[:16]))
}

// unsealed is what stands at the beginning of some bytes.
type unsealed int

const (
	sound unsealed = iota
	// cut is a record that was not written to its end, with nothing after it.
	cut
	broken
)

// unseal reads the frame at the beginning of rest, which goes to the file's end.
//
// A killed process leaves a prefix of what it wrote. After a loss of power a file may also have
// its length but not its content, which file systems give as zeros; a sector of zeros says so,
// since records consist of ids and check sums.
func unseal(rest []byte) (payload []byte, sequence uint64, what unsealed) {
	if len(rest) < HeaderSize {
		return nil, 0, cut
	}
	if binary.LittleEndian.Uint32(rest[16:]) != sum(rest[:16]) {
		if len(bytes.Trim(rest, "\x00")) == 0 {
			return nil, 0, cut
		}
		return nil, 0, broken
	}
	length := int(binary.LittleEndian.Uint32(rest))
	sequence = binary.LittleEndian.Uint64(rest[4:])
	if length > maxPayload {
		return nil, 0, broken
	}
	if HeaderSize+length > len(rest) {
		return nil, sequence, cut
	}
	payload = rest[HeaderSize : HeaderSize+length]
	if binary.LittleEndian.Uint32(rest[12:]) != sum(payload) {
		if HeaderSize+length == len(rest) && hasEmptySector(payload) {
			return nil, sequence, cut
		}
		return nil, sequence, broken
	}
	return payload, sequence, sound
}

const sectorSize = 512

func hasEmptySector(b []byte) bool {
	var empty [sectorSize]byte
	return bytes.Contains(b, empty[:])
}
