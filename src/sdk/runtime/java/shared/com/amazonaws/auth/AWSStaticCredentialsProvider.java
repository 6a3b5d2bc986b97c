package com.amazonaws.auth;

public class AWSStaticCredentialsProvider implements AWSCredentialsProvider {
    private final AWSCredentials credentials;

    public AWSStaticCredentialsProvider(AWSCredentials credentials) {
        if (credentials == null) throw new IllegalArgumentException("credentials cannot be null.");
        this.credentials = credentials;
    }

    @Override
    public AWSCredentials getCredentials() {
        return credentials;
    }

    @Override
    public void refresh() {
        // They never change.
    }
}
