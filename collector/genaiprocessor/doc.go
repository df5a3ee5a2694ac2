// SPDX-License-Identifier: Apache-2.0

// Package genaiprocessor gives spans of foreign instrumentations the attribute names of the
// OpenTelemetry GenAI conventions. What a span says already is never overwritten.
package genaiprocessor
