// SPDX-License-Identifier: Apache-2.0

// Package genaiprocessor gives spans of foreign instrumentations the attribute names of the
// OpenTelemetry GenAI conventions, prices calls that have no cost, and removes content. What a
// span says already, and rightly, is never overwritten.
package genaiprocessor
