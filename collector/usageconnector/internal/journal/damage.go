// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
)

// Each file begins with four letters and its version.
const (
	chapterMagic    = "AGUL"
	checkpointMagic = "AGUC"
	headSize        = 8
)

// DamagedError is a file whose content is not what was written.
type DamagedError struct {
	File   string
	Offset int64
	Why    string
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s is damaged at byte %d: %s. Nothing was changed. Restore the folder %s from a copy, or move "+
		"it away: the counters then begin again from zero under a new service.instance.id, and what is sent again counts again",
		e.File, e.Offset, e.Why, filepath.Dir(e.File))
}

// NewerError is a file of a version that this program does not know.
type NewerError struct {
	File    string
	Version uint32
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("%s is of version %d, and this program knows versions up to %d. Nothing was changed. Run the newer "+
		"Collector again, or move the folder %s away to begin again from zero", e.File, e.Version, Version, filepath.Dir(e.File))
}

func head(magic string) []byte {
	return binary.LittleEndian.AppendUint32([]byte(magic), Version)
}

// behead checks the beginning of a file and gives the rest.
func behead(path string, content []byte, magic string) ([]byte, error) {
	if len(content) < headSize || !strings.HasPrefix(string(content[:4]), magic) {
		return nil, &DamagedError{File: path, Why: "it does not begin with " + magic}
	}
	if v := binary.LittleEndian.Uint32(content[4:]); v != Version {
		if v == 0 {
			return nil, &DamagedError{File: path, Offset: 4, Why: "it has no version"}
		}
		return nil, &NewerError{File: path, Version: v}
	}
	return content[headSize:], nil
}
