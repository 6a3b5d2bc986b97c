package OWN_PACKAGE.runtime;

import java.util.function.Supplier;

/** What descriptions of members, requests and results write shapes with: no name of a model can stand before these. */
public abstract class Shapes {
    public Shape any() {
        return Shape.ANY;
    }

    public Shape string() {
        return Shape.STRING;
    }

    public Shape number() {
        return Shape.NUMBER;
    }

    public Shape integer() {
        return Shape.INTEGER;
    }

    public Shape longInteger() {
        return Shape.LONG;
    }

    public Shape bool() {
        return Shape.BOOLEAN;
    }

    public Shape list(Shape items) {
        return Shape.list(items);
    }

    public Shape map(Shape values) {
        return Shape.map(values);
    }

    public Shape structure(Supplier<? extends Structure> make) {
        return Shape.structure(make);
    }
}
