// SPDX-License-Identifier: Apache-2.0

// Package usageconnector turns spans into exact cumulative counters and histograms.
// Which metrics it makes is configuration; nothing here knows what a token or a tool is.
package usageconnector
