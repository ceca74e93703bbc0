// Package assertions holds the Gomega matchers for what the judge says of a cell: Leak, Reach, React,
// Identify.
//
// They only format. Whether something leaked is decided in package leak, from files; here it becomes a sentence of at
// most twenty lines that names canary, host, flow and the layers that hid it. What is inconclusive is an error, so that it
// fails both To and NotTo and can never pass for clean.
package assertions
