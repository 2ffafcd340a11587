/*
 * A program of nothing: that it links with every object of a layer, and of those below, is the test.
 */
int main(void)
{
    return 0;
}
