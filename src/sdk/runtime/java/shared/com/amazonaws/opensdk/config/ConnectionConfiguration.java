package com.amazonaws.opensdk.config;

public final class ConnectionConfiguration {
    private Integer maxConnections;
    private Long connectionMaxIdleMillis;

    /** How many requests may be under way at once. */
    public ConnectionConfiguration maxConnections(int count) {
        this.maxConnections = count;
        return this;
    }

    /** Taken for AWS's sake: Java's own client has one such time for all, jdk.httpclient.keepalive.timeout. */
    public ConnectionConfiguration connectionMaxIdleMillis(long millis) {
        this.connectionMaxIdleMillis = millis;
        return this;
    }

    public Integer getMaxConnections() {
        return maxConnections;
    }

    public Long getConnectionMaxIdleMillis() {
        return connectionMaxIdleMillis;
    }
}
